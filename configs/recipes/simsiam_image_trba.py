# SimSiam, one instance per word.
_base_ = [
    "../_base_/self_supervised.py",
    "../_base_/models/recognizer_trba.py",
]
model = dict(
    _delete_=True,
    type="SimSiam",
    mapping=dict(type="AllToInstance"),
    recognizer=_base_.model,
)
# The predictor's learning rate does not decay (Chen and He, CVPR 2021).
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={"predictor.": dict(fixed_lr=True)}))
