# The compact CTC recognizer, on rendered words only: needs no data.
_base_ = [
    "../_base_/recognition_synthetic.py",
    "../_base_/models/recognizer_ctc_compact.py",
    "../_base_/schedules/adamw_onecycle.py",
]
