# Character-level consistency, frame by frame, on the compact CTC recognizer.
_base_ = [
    "../_base_/semi_supervised_frames.py",
    "../_base_/models/recognizer_ctc_compact.py",
]
model = dict(
    _delete_=True,
    type="CharacterConsistency",
    momentum=0.999,
    confidence="product",
    threshold=0.5,
    projection="feedforward",
    temperature=0.4,
    domain=dict(weight=10.0, feature="online_glimpse"),
    recognizer=_base_.model,
)
