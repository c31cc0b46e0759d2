# The compact CTC recognizer, on photographed and rendered words; validated on SVT.
_base_ = [
    "../_base_/recognition_real.py",
    "../_base_/models/recognizer_ctc_compact.py",
    "../_base_/schedules/adamw_onecycle.py",
]
