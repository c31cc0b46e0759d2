# Rounds of self-training of the compact recognizer with attention, see _base_/noisy_student.py.
_base_ = [
    "../_base_/noisy_student.py",
    "../_base_/models/recognizer_attention_compact.py",
]
