"""Scores, one file per protocol; the metrics register themselves for mmengine configs."""

from spotter.evaluation.detection import DetectionIoU, DetectionScores, evaluate_detection
from spotter.evaluation.end_to_end import EndToEndScore, EndToEndScores, evaluate_end_to_end
from spotter.evaluation.recognition import (
    RecognitionReport,
    RecognitionRules,
    RecognitionScores,
    WordAccuracy,
    evaluate_recognition,
)

__all__ = [
    "DetectionIoU",
    "DetectionScores",
    "EndToEndScore",
    "EndToEndScores",
    "RecognitionReport",
    "RecognitionRules",
    "RecognitionScores",
    "WordAccuracy",
    "evaluate_detection",
    "evaluate_end_to_end",
    "evaluate_recognition",
]
