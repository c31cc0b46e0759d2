"""Recognizers: transformation, feature extraction, sequence modeling and prediction by config."""

from spotter.models.language import ClozeLanguageModel, MaskedLanguageModel
from spotter.models.recognition.feature_extraction import (
    CompactMixer,
    MobileNetV3Features,
    ResNet29,
    ResNet45,
    VGGFeatures,
)
from spotter.models.recognition.four_stage import FourStageRecognizer
from spotter.models.recognition.fusion import GatedFusion
from spotter.models.recognition.prediction import (
    AttentionPrediction,
    CTCPrediction,
    Decoded,
    ParallelPrediction,
    Prediction,
    TransformerPrediction,
)
from spotter.models.recognition.sequence_modeling import BiLSTM, NoSequence, TransformerEncoder
from spotter.models.recognition.transformation import NoTransformation, ThinPlateSpline
from spotter.models.recognition.vision_language import VisionLanguageRecognizer

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
