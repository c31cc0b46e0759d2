"""Feature extraction stages."""

from spotter.recognizers.feature_extraction.compact_mixer import CompactMixer
from spotter.recognizers.feature_extraction.mobilenet import MobileNetV3Features
from spotter.recognizers.feature_extraction.resnet import ResNet29, ResNet45
from spotter.recognizers.feature_extraction.vgg import VGGFeatures

__all__ = ["CompactMixer", "MobileNetV3Features", "ResNet29", "ResNet45", "VGGFeatures"]
