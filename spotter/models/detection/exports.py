"""What :mod:`spotter.models.detection` offers; importing this registers all of it."""

from spotter.models.detection.backbones.mobilenetv3 import MobileNetV3Large
from spotter.models.detection.backbones.resnet import ModulatedDeformConv2d, ResNet
from spotter.models.detection.dbnet import DBNet
from spotter.models.detection.heads.db_head import DBHead, DBLoss
from spotter.models.detection.necks.fpn import FPNC, AdaptiveScaleFusion
from spotter.pipeline.db_postprocessor import DBPostprocessor
from spotter.registry import MODELS

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

# Not by a decorator: post-processing belongs to the reading side, which has no registries.
MODELS.register_module(module=DBPostprocessor)
