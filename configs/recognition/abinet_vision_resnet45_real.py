# ABINet's vision model, on photographed and rendered words; validated on SVT.
_base_ = [
    "../_base_/recognition_real_complete.py",
    "../_base_/models/recognizer_abinet_vision.py",
    "../_base_/schedules/adamw_onecycle.py",
]
