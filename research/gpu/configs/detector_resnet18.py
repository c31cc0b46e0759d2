# ResNet-18 without deformable convolutions, from scratch.
_base_ = ["detector_x05.py"]
name = "dbnet_resnet18"
init_from = None
model = dict(
    backbone=dict(_delete_=True, type="ResNet", depth=18, deformable=False, pretrained=False),
    neck=dict(lateral_channels=128, out_channels=32),
)
optimizer = dict(lr=2e-3)
lr_factors = {"backbone.": 1.0}
