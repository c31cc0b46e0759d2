# The baseline of the semi-supervised CTC recipes: the same labelled words and schedule.
_base_ = [
    "../_base_/supervised_rendered_words.py",
    "../_base_/models/recognizer_ctc_compact.py",
]
