# MoCo per instance: five windows per word against a queue.
_base_ = [
    "../_base_/self_supervised.py",
    "../_base_/models/recognizer_trba.py",
]
model = dict(
    _delete_=True,
    type="MoCo",
    mapping=dict(type="WindowToInstance", windows=5),
    projection=dict(type="FrameMLP", out_channels=128),
    recognizer=_base_.model,
)
