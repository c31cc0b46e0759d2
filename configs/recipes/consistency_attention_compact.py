# Character-level consistency (Zheng et al., CVPR 2022) on the compact recognizer with attention.
_base_ = [
    "../_base_/semi_supervised.py",
    "../_base_/models/recognizer_attention_compact.py",
]
model = dict(
    _delete_=True,
    type="CharacterConsistency",
    momentum=0.999,
    confidence="product",
    threshold=0.5,
    context_sharing=True,
    projection="feedforward",
    temperature=0.4,
    domain=dict(weight=10.0, feature="online_glimpse"),
    recognizer=_base_.model,
)
