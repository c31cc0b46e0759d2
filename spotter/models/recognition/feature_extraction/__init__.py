"""Feature extraction stages."""

from spotter.models.recognition.feature_extraction.compact_mixer import CompactMixer
from spotter.models.recognition.feature_extraction.mobilenet import MobileNetV3Features
from spotter.models.recognition.feature_extraction.resnet import ResNet29, ResNet45
from spotter.models.recognition.feature_extraction.vgg import VGGFeatures

__all__ = ["CompactMixer", "MobileNetV3Features", "ResNet29", "ResNet45", "VGGFeatures"]
