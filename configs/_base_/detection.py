# What detectors share: how photos become inputs, and how detections are scored.
_base_ = ["runtime.py"]
task = "detection"
preprocessing = dict(
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    limit_side=1280,
    limit_type="max",
    size_divisor=32,
)
# One warp per photo, at the price of the crop; as DBNet's flip, rotation, scale and crop.
train_pipeline = [
    dict(type="LoadImage"),
    dict(type="RandomAffineCrop", size=640, scale_range=(0.5, 3.0), rotate=10.0, flip=0.5),
    dict(type="ColorJitter"),
    dict(type="RandomDegrade", probability=0.3),
    dict(type="DBTargets"),
    dict(type="PackDetInputs"),
]
test_pipeline = [
    dict(type="LoadImage"),
    dict(type="ResizeByLimit", limit_side=1280, limit_type="max", size_divisor=32),
    dict(type="PackDetInputs"),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="EndlessSampler"),
    collate_fn=dict(type="pseudo_collate"),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="pseudo_collate"),
)
val_cfg = dict(type="ValLoop")
val_evaluator = dict(type="DetectionScore", protocol="iou")
default_hooks = dict(checkpoint=dict(save_best="detection/hmean"))
