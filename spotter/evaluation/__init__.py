"""Scores, one file per protocol; the metrics register themselves for mmengine configs."""

from spotter.evaluation.metric import DetectionMetric
from spotter.evaluation.protocols.cleval import (
    SCALE_BINS,
    CLEval,
    CLEvalScores,
    CLEvalSettings,
    evaluate_cleval,
)
from spotter.evaluation.protocols.detection import DetectionIoU, DetectionScores, evaluate_detection
from spotter.evaluation.protocols.deteval import (
    DETEVAL_SETTINGS,
    DetEval,
    DetEvalScores,
    DetEvalSettings,
    evaluate_deteval,
)
from spotter.evaluation.protocols.end_to_end import (
    EndToEndScore,
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
from spotter.evaluation.protocols.tiou import TIoU, TIoUScores, evaluate_tiou

__all__ = [
    "DETECTION_PROTOCOLS",
    "DETEVAL_SETTINGS",
    "SCALE_BINS",
    "CLEval",
    "CLEvalScores",
    "CLEvalSettings",
    "DetEval",
    "DetEvalScores",
    "DetEvalSettings",
    "DetectionIoU",
    "DetectionMetric",
    "DetectionScores",
    "EndToEndScore",
    "EndToEndScores",
    "LanguageMetric",
    "RecognitionReport",
    "RecognitionRules",
    "RecognitionScores",
    "TIoU",
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
