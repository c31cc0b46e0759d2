# Mean Teacher on the compact recognizer with attention.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_attention_compact.py",
]
model = dict(
    _delete_=True,
    type="MeanTeacher",
    momentum=0.999,
    weight=100.0,
    ramp_up=0.05,
    recognizer=_base_.model,
)
