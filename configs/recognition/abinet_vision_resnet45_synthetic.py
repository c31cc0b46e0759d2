# ABINet's vision model, on rendered words only: needs no data.
_base_ = [
    "../_base_/recognition_synthetic.py",
    "../_base_/models/recognizer_abinet_vision.py",
    "../_base_/schedules/adamw_onecycle.py",
]
