# The shipped detector's size: MobileNetV3-Large x0.5, which goes on from the shipped weights.
_base_ = ["mixture.py"]
task = "detection"
name = "dbnet_mobilenetv3"
init_from = "spotter/hub/weights/dbnet_mobilenetv3.safetensors"
model = dict(
    type="DBNet",
    backbone=dict(type="MobileNetV3Large", scale=0.5, pretrained=None),
    neck=dict(type="FPNC", lateral_channels=64, out_channels=16, norm=True),
    head=dict(type="DBHead", hidden=24, upsample="pixel_shuffle", loss=dict(type="DBLoss")),
    postprocessor=dict(
        type="DBPostprocessor",
        binary_threshold=0.35,
        split_threshold=0.75,
        min_score=0.7,
        unclip_ratio=1.3,
    ),
    data_preprocessor=dict(type="DetDataPreprocessor"),
)
postprocessing = dict(binary_threshold=0.35, split_threshold=0.75, min_score=0.7, unclip_ratio=1.3)
preprocessing = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    limit_side=1280,
    limit_type="max",
    size_divisor=32,
)
crop_size = 640
batch_size = 48
slots = 6
optimizer = dict(lr=2e-3, weight_decay=0.02)
lr_factors = {"backbone.": 0.5}
warm_up = 0.04  # share of the time
ema = 0.998
clip = 5.0
photometric = dict(
    color=0.5,
    grey=0.05,
    blur=0.12,
    resample=0.06,
    noise=0.08,
    jpeg=0.08,
    deviation=(2.0, 10.0),
    quality=(30.0, 85.0),
    factor=(0.5, 0.9),
)
