# A fresh attention decoder on a frozen encoder that a self-supervised recipe has trained.
_base_ = [
    "../_base_/labelled_words_32x100.py",
    "../_base_/models/recognizer_trba.py",
]
model = dict(_delete_=True, type="DecoderEvaluation", recognizer=_base_.model)
