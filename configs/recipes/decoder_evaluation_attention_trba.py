# A fresh attention decoder on a frozen encoder that a self-supervised recipe has trained.
_base_ = [
    "../_base_/labelled_words_32x100.py",
    "../_base_/models/recognizer_trba.py",
]
# The labels of IIIT5K have no marks and no case; a decoder could not learn more from them.
model = dict(_delete_=True, type="DecoderEvaluation", recognizer=dict(_base_.model, charset="36"))
