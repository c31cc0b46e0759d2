# DBNet with ResNet-18, the authors' schedule on ICDAR2015.
_base_ = [
    "../_base_/detection.py",
    "../_base_/models/detector_dbnet_resnet18.py",
    "../_base_/schedules/sgd_poly.py",
    "../_base_/datasets/icdar2015.py",
]
# Downloads torchvision's ImageNet weights.
model = dict(backbone=dict(pretrained=True))
train_dataloader = dict(
    batch_size=16,
    dataset=dict(**_base_.icdar2015_train, pipeline=_base_.train_pipeline),
)
val_dataloader = dict(
    dataset=dict(**_base_.icdar2015_val, pipeline=_base_.test_pipeline),
)
