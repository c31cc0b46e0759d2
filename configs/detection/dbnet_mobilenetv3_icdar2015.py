# DBNet for CPUs, on ICDAR2015.
_base_ = [
    "../_base_/detection.py",
    "../_base_/models/detector_dbnet_mobilenetv3.py",
    "../_base_/schedules/adamw_cosine.py",
    "../_base_/datasets/icdar2015.py",
]
channels_last = True
# PaddlePaddle's ImageNet weights; pretrained=None starts from scratch.
model = dict(
    backbone=dict(
        pretrained="{{$SPOTTER_DATA:data}}/backbones/mobilenetv3_large_x0_5_imagenet.npz",
    ),
)
train_dataloader = dict(
    dataset=dict(**_base_.icdar2015_train, pipeline=_base_.train_pipeline),
)
val_dataloader = dict(
    dataset=dict(**_base_.icdar2015_val, pipeline=_base_.test_pipeline),
)
