# DBNet as published, ResNet-50 with deformable convolutions (Liao et al., AAAI 2020).
_base_ = ["detector_dbnet_resnet18.py"]
model = dict(backbone=dict(depth=50))
