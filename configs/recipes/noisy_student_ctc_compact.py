# Rounds of self-training of the compact CTC recognizer, see _base_/noisy_student.py.
_base_ = [
    "../_base_/noisy_student.py",
    "../_base_/models/recognizer_ctc_compact.py",
]
