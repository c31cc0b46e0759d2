# TRBA, on photographed and rendered words; validated on SVT.
_base_ = [
    "../_base_/recognition_real_32x100.py",
    "../_base_/models/recognizer_trba.py",
    "../_base_/schedules/adamw_onecycle.py",
]
