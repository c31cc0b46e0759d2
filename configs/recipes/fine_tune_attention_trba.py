# Fine-tuning after a self-supervised recipe: everything learns, from all labels.
_base_ = [
    "../_base_/labelled_words_32x100.py",
    "../_base_/models/recognizer_trba.py",
]
# The labels of IIIT5K have no marks and no case; a decoder could not learn more from them.
model = dict(charset="36")
