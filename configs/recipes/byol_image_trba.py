# BYOL, one instance per word.
_base_ = [
    "../_base_/self_supervised.py",
    "../_base_/models/recognizer_trba.py",
]
model = dict(
    _delete_=True,
    type="BYOL",
    mapping=dict(type="AllToInstance"),
    recognizer=_base_.model,
)
