# Fine-tuning after a self-supervised recipe: everything learns, from all labels.
_base_ = [
    "../_base_/labelled_words_32x100.py",
    "../_base_/models/recognizer_trba.py",
]
