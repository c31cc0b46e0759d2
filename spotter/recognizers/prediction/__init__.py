"""Prediction stages."""

from spotter.recognizers.prediction.attention import AttentionPrediction, TeacherForced
from spotter.recognizers.prediction.autoregressive import AutoregressivePrediction
from spotter.recognizers.prediction.base import Decoded, Prediction
from spotter.recognizers.prediction.ctc import CTCPrediction
from spotter.recognizers.prediction.parallel import ParallelPrediction
from spotter.recognizers.prediction.transformer import TransformerPrediction

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
