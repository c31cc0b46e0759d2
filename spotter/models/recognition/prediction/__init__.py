"""Prediction stages."""

from spotter.models.recognition.prediction.attention import AttentionPrediction, TeacherForced
from spotter.models.recognition.prediction.autoregressive import AutoregressivePrediction
from spotter.models.recognition.prediction.base import Decoded, Prediction
from spotter.models.recognition.prediction.ctc import CTCPrediction
from spotter.models.recognition.prediction.parallel import ParallelPrediction
from spotter.models.recognition.prediction.transformer import TransformerPrediction

__all__ = [
    "AttentionPrediction",
    "AutoregressivePrediction",
    "CTCPrediction",
    "Decoded",
    "ParallelPrediction",
    "Prediction",
    "TeacherForced",
    "TransformerPrediction",
]
