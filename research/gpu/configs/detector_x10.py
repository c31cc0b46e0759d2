# MobileNetV3-Large x1.0 with a wider neck, from scratch.
_base_ = ["detector_x05.py"]
name = "dbnet_mobilenetv3_x10"
init_from = None
model = dict(backbone=dict(scale=1.0), neck=dict(lateral_channels=96, out_channels=24))
optimizer = dict(lr=3e-3)
lr_factors = {"backbone.": 1.0}
