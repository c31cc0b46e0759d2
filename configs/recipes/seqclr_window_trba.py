# SeqCLR on TRBA's encoder, five windows per word, projected frame by frame.
_base_ = [
    "../_base_/self_supervised.py",
    "../_base_/models/recognizer_trba.py",
]
model = dict(
    _delete_=True,
    type="SeqCLR",
    mapping=dict(type="WindowToInstance", windows=5),
    projection=dict(type="FrameMLP", out_channels=128),
    recognizer=_base_.model,
)
