# DBNet for CPUs, on photographs and rendered scenes; validated on held-out photos of ICDAR2015.
_base_ = [
    "../_base_/detection.py",
    "../_base_/models/detector_dbnet_mobilenetv3.py",
    "../_base_/schedules/adamw_cosine.py",
    "../_base_/datasets/icdar2015.py",
    "../_base_/datasets/mlt17.py",
    "../_base_/datasets/icdar2003.py",
    "../_base_/datasets/synthetic_scenes.py",
]
channels_last = True
# PaddlePaddle's ImageNet weights; pretrained=None starts from scratch.
model = dict(
    backbone=dict(
        pretrained="{{$SPOTTER_DATA:data}}/backbones/mobilenetv3_large_x0_5_imagenet.npz",
    ),
)
train_dataloader = dict(
    sampler=dict(type="RatioSampler"),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.icdar2015_train, pipeline=_base_.train_pipeline),
            dict(**_base_.mlt17_train, pipeline=_base_.train_pipeline),
            dict(**_base_.icdar2003_train, pipeline=_base_.train_pipeline),
            dict(**_base_.synthetic_scenes_rich_train, pipeline=_base_.train_pipeline),
        ],
        ratios=[0.4, 0.3, 0.05, 0.25],
    ),
)
val_dataloader = dict(
    dataset=dict(**_base_.icdar2015_val, pipeline=_base_.test_pipeline),
)
