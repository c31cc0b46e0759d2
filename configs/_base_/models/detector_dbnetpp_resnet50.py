# DBNet++: adaptive scale fusion in the pyramid (Liao et al., TPAMI 2022).
_base_ = ["detector_dbnet_resnet50.py"]
model = dict(neck=dict(asf=True))
