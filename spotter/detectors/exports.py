"""What :mod:`spotter.detectors` offers; importing this registers all of it."""

from spotter.detectors.db_head import DBHead, DBLoss
from spotter.detectors.db_postprocessor import DBPostprocessor
from spotter.detectors.dbnet import DBNet
from spotter.detectors.fpn import FPNC, AdaptiveScaleFusion
from spotter.detectors.mobilenetv3 import MobileNetV3Large
from spotter.detectors.resnet import ModulatedDeformConv2d, ResNet

__all__ = [
    "FPNC",
    "AdaptiveScaleFusion",
    "DBHead",
    "DBLoss",
    "DBNet",
    "DBPostprocessor",
    "MobileNetV3Large",
    "ModulatedDeformConv2d",
    "ResNet",
]
