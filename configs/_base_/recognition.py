# What recognizers share: how crops become inputs, and how readings are scored.
_base_ = ["runtime.py"]
task = "recognition"
preprocessing = dict(mean=127.5, std=127.5, height=32, mode="fixed", width=128)
train_pipeline = [
    dict(type="LoadCrop"),
    dict(type="RecAugment", height=32, mode="fixed", width=128),
    dict(type="PackRecInputs"),
]
test_pipeline = [
    dict(type="LoadCrop"),
    dict(type="RecResize", height=32, mode="fixed", width=128),
    dict(type="PackRecInputs"),
]
# CRNN and TRBA were published with 32x100.
preprocessing_32x100 = dict(mean=127.5, std=127.5, height=32, mode="fixed", width=100)
train_pipeline_32x100 = [
    dict(type="LoadCrop"),
    dict(type="RecAugment", height=32, mode="fixed", width=100),
    dict(type="PackRecInputs"),
]
test_pipeline_32x100 = [
    dict(type="LoadCrop"),
    dict(type="RecResize", height=32, mode="fixed", width=100),
    dict(type="PackRecInputs"),
]
train_dataloader = dict(
    batch_size=256,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="EndlessSampler"),
    collate_fn=dict(type="pseudo_collate"),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    collate_fn=dict(type="pseudo_collate"),
)
val_cfg = dict(type="ValLoop")
val_evaluator = dict(type="WordAccuracy", charset=36)
default_hooks = dict(checkpoint=dict(save_best="recognition/accuracy"))
