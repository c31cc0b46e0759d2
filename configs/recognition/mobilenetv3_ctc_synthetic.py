# MobileNetV3, BiLSTM and CTC, on rendered words only: needs no data.
_base_ = [
    "../_base_/recognition_synthetic.py",
    "../_base_/models/recognizer_ctc_mobilenetv3.py",
    "../_base_/schedules/adamw_onecycle.py",
]
