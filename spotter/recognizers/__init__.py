"""Recognizers: transformation, feature extraction, sequence modeling and prediction by config."""

from spotter.recognizers.feature_extraction import (
    CompactMixer,
    MobileNetV3Features,
    ResNet29,
    ResNet45,
    VGGFeatures,
)
from spotter.recognizers.four_stage import FourStageRecognizer
from spotter.recognizers.fusion import GatedFusion
from spotter.recognizers.language import ClozeLanguageModel, MaskedLanguageModel
from spotter.recognizers.prediction import (
    AttentionPrediction,
    CTCPrediction,
    Decoded,
    ParallelPrediction,
    Prediction,
    TransformerPrediction,
)
from spotter.recognizers.sequence_modeling import BiLSTM, NoSequence, TransformerEncoder
from spotter.recognizers.transformation import NoTransformation, ThinPlateSpline
from spotter.recognizers.vision_language import VisionLanguageRecognizer

__all__ = [
    "AttentionPrediction",
    "BiLSTM",
    "CTCPrediction",
    "ClozeLanguageModel",
    "CompactMixer",
    "Decoded",
    "FourStageRecognizer",
    "GatedFusion",
    "MaskedLanguageModel",
    "MobileNetV3Features",
    "NoSequence",
    "NoTransformation",
    "ParallelPrediction",
    "Prediction",
    "ResNet29",
    "ResNet45",
    "ThinPlateSpline",
    "TransformerEncoder",
    "TransformerPrediction",
    "VGGFeatures",
    "VisionLanguageRecognizer",
]
