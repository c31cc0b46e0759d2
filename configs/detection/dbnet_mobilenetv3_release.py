# The released detector: tools/release.py trains it in pieces and gives it its data.
_base_ = [
    "../_base_/detection.py",
    "../_base_/models/detector_dbnet_mobilenetv3.py",
    "../_base_/schedules/adamw_cosine.py",
    "../_base_/datasets/icdar2015.py",
    "../_base_/datasets/mlt17.py",
    "../_base_/datasets/icdar2003.py",
]
channels_last = True
# Small words are found better in an enlarged photo; see research/LOG.md.
input_size = dict(limit_side=1664, limit_type="max", size_divisor=32, scale=1.3)
preprocessing = dict(**input_size)
# Of tools/tune_detector.py, see docs/models/dbnet_mobilenetv3_sizes.md.
postprocessing = dict(binary_threshold=0.35, split_threshold=0.75, min_score=0.7, unclip_ratio=1.3)
model = dict(
    postprocessor=dict(**postprocessing),
    backbone=dict(
        pretrained="{{$SPOTTER_DATA:data}}/backbones/mobilenetv3_large_x0_5_imagenet.npz",
        frozen_blocks=2,
        norm_eval=True,
    ),
)
crop_size = 384


def _pipeline(smallest, largest, rotate=10.0, degrade=0.3):
    return [
        dict(type="LoadImage"),
        dict(
            type="RandomAffineCrop",
            size=crop_size,
            scale_range=(smallest, largest),
            rotate=rotate,
            flip=0.0,
        ),
        dict(type="ColorJitter"),
        dict(type="RandomDegrade", probability=degrade),
        dict(type="DBTargets", min_side=5.0),
        dict(type="PackDetInputs"),
    ]


train_dataloader = dict(
    batch_size=12,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type="RatioSampler"),
    dataset=dict(
        type="ConcatDataset",
        datasets=[
            dict(**_base_.icdar2015_train, pipeline=_pipeline(0.6, 1.8)),
            dict(**_base_.mlt17_train, pipeline=_pipeline(0.4, 1.4)),
            dict(**_base_.icdar2003_train, pipeline=_pipeline(0.25, 1.5)),
        ],
        ratios=[0.6, 0.25, 0.15],
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        **_base_.icdar2015_val,
        pipeline=[
            dict(type="LoadImage"),
            dict(type="ResizeByLimit", **input_size),
            dict(type="PackDetInputs"),
        ],
    ),
)
optim_wrapper = dict(
    optimizer=dict(lr=1.5e-3, weight_decay=0.02),
    paramwise_cfg=dict(custom_keys={"backbone.": dict(lr_mult=0.35)}),
)
param_scheduler = None
train_cfg = dict(max_iters=10**9, val_interval=10**9)
custom_hooks = [dict(type="EMAHook", decay=0.998)]
# Pages and screens are found as pages are read: sharp, upright or turned as they were drawn.
pages_pipeline = _pipeline(0.5, 1.6, 6.0, 0.1)
release = dict(
    charset="latin",
    pages_share=0.35,  # of all samples, with --pages
    pages_pipeline=pages_pipeline,
    checkpoints=1,  # that are kept; more to average them later
    name="dbnet_mobilenetv3",
    metric="detection/hmean",
    synthetic="scenes",
    synthetic_share=0.15,
    label_margin=0.12,
    data="ICDAR2015 training photos 1-900, MLT2017 (English and French), ICDAR2003,"
    " synthetic scenes",
    protocol="IoU 0.5 on ICDAR2015 training photos 901-1000 at 1280x720, fixed thresholds",
)
