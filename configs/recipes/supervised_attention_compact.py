# The baseline of the semi-supervised recipes: the same labelled words and schedule, nothing else.
_base_ = [
    "../_base_/supervised_rendered_words.py",
    "../_base_/models/recognizer_attention_compact.py",
]
