# MobileNetV3, BiLSTM and CTC, on photographed and rendered words; validated on SVT.
_base_ = [
    "../_base_/recognition_real.py",
    "../_base_/models/recognizer_ctc_mobilenetv3.py",
    "../_base_/schedules/adamw_onecycle.py",
]
