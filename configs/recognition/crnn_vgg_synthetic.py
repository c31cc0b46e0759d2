# CRNN, on rendered words only: needs no data.
_base_ = [
    "../_base_/recognition_synthetic_32x100.py",
    "../_base_/models/recognizer_crnn.py",
    "../_base_/schedules/adamw_onecycle.py",
]
