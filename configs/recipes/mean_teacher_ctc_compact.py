# Mean Teacher, frame by frame, on the compact CTC recognizer.
_base_ = [
    "../_base_/semi_supervised_frames.py",
    "../_base_/models/recognizer_ctc_compact.py",
]
model = dict(
    _delete_=True,
    type="MeanTeacher",
    momentum=0.999,
    weight=100.0,
    ramp_up=0.05,
    recognizer=_base_.model,
)
