# DBNet for CPUs, on rendered scenes only: needs no data.
_base_ = [
    "../_base_/detection.py",
    "../_base_/models/detector_dbnet_mobilenetv3.py",
    "../_base_/schedules/adamw_cosine.py",
    "../_base_/datasets/synthetic_scenes.py",
]
channels_last = True
train_dataloader = dict(
    # Rendered scenes come in no order that would need shuffling.
    sampler=dict(shuffle=False),
    dataset=dict(**_base_.synthetic_scenes_train, pipeline=_base_.train_pipeline),
)
val_dataloader = dict(
    dataset=dict(**_base_.synthetic_scenes_val, pipeline=_base_.test_pipeline),
)
