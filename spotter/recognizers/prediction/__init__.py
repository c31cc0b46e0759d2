"""Prediction stages."""

from spotter.recognizers.prediction.attention import AttentionPrediction, TeacherForced
from spotter.recognizers.prediction.base import Decoded, Prediction
from spotter.recognizers.prediction.ctc import CTCPrediction
from spotter.recognizers.prediction.parallel import ParallelPrediction

__all__ = [
    "AttentionPrediction",
    "CTCPrediction",
    "Decoded",
    "ParallelPrediction",
    "Prediction",
    "TeacherForced",
]
