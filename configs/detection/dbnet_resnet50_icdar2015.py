# DBNet with ResNet-50, the authors' schedule on ICDAR2015.
_base_ = ["dbnet_resnet18_icdar2015.py"]
model = dict(backbone=dict(depth=50))
