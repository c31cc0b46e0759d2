# TRBA, on rendered words only: needs no data.
_base_ = [
    "../_base_/recognition_synthetic_32x100.py",
    "../_base_/models/recognizer_trba.py",
    "../_base_/schedules/adamw_onecycle.py",
]
