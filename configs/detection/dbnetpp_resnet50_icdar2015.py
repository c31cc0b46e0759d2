# DBNet++ with ResNet-50: adaptive scale fusion in the pyramid (Liao et al., TPAMI 2022).
_base_ = ["dbnet_resnet50_icdar2015.py"]
model = dict(neck=dict(asf=True))
