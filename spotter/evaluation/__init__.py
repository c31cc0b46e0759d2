"""Scores, one file per protocol; and the metrics that register themselves for mmengine configs."""

from spotter.evaluation.metric import DetectionScore
from spotter.evaluation.protocols.cleval import (
    CLEvalScores,
    CLEvalSettings,
    evaluate_cleval,
)
from spotter.evaluation.protocols.detection import DetectionScores, evaluate_detection
from spotter.evaluation.protocols.deteval import (
    DETEVAL_SETTINGS,
    DetEvalScores,
    DetEvalSettings,
    evaluate_deteval,
)
from spotter.evaluation.protocols.end_to_end import (
    EndToEndScores,
    evaluate_end_to_end,
)
from spotter.evaluation.protocols.language import LanguageMetric
from spotter.evaluation.protocols.names import DETECTION_PROTOCOLS, detection_protocol
from spotter.evaluation.protocols.recognition import (
    RecognitionReport,
    RecognitionRules,
    RecognitionScores,
    WordAccuracy,
    evaluate_recognition,
)
from spotter.evaluation.protocols.tiou import TIoUScores, evaluate_tiou

__all__ = [
    "DETECTION_PROTOCOLS",
    "DETEVAL_SETTINGS",
    "CLEvalScores",
    "CLEvalSettings",
    "DetEvalScores",
    "DetEvalSettings",
    "DetectionScore",
    "DetectionScores",
    "EndToEndScores",
    "LanguageMetric",
    "RecognitionReport",
    "RecognitionRules",
    "RecognitionScores",
    "TIoUScores",
    "WordAccuracy",
    "detection_protocol",
    "evaluate_cleval",
    "evaluate_detection",
    "evaluate_deteval",
    "evaluate_end_to_end",
    "evaluate_recognition",
    "evaluate_tiou",
]
