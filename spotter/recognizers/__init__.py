"""Recognizers: transformation, feature extraction, sequence modeling and prediction by config."""

from spotter.recognizers.feature_extraction import (
    CompactMixer,
    MobileNetV3Features,
    ResNet29,
    ResNet45,
    VGGFeatures,
)
from spotter.recognizers.four_stage import FourStageRecognizer
from spotter.recognizers.prediction import (
    AttentionPrediction,
    CTCPrediction,
    Decoded,
    ParallelPrediction,
    Prediction,
)
from spotter.recognizers.sequence_modeling import BiLSTM, NoSequence, TransformerEncoder
from spotter.recognizers.transformation import NoTransformation, ThinPlateSpline

__all__ = [
    "AttentionPrediction",
    "BiLSTM",
    "CTCPrediction",
    "CompactMixer",
    "Decoded",
    "FourStageRecognizer",
    "MobileNetV3Features",
    "NoSequence",
    "NoTransformation",
    "ParallelPrediction",
    "Prediction",
    "ResNet29",
    "ResNet45",
    "ThinPlateSpline",
    "TransformerEncoder",
    "VGGFeatures",
]
