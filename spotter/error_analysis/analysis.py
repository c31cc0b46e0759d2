"""From predictions and ground truth to what the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spotter.error_analysis.cases import WORD_KINDS, WordCase, scene_cases, word_cases
from spotter.error_analysis.page import ErrorReport
from spotter.error_analysis.pictures import Pictures
from spotter.evaluation.calibration import calibration
from spotter.evaluation.matching import Words
from spotter.evaluation.protocols.detection import evaluate_detection
from spotter.evaluation.protocols.end_to_end import evaluate_end_to_end
from spotter.evaluation.protocols.recognition import RecognitionRules, evaluate_recognition
from spotter.evaluation.saved import ScoredWords


def scene_report(predictions: Words, truths: Words) -> ErrorReport:
    """Errors of a detector, or of a spotter if its words have texts, by ICDAR 2015's protocol.

    Args:
        predictions: Words per photo, in step with the ground truth or by name.
        truths: True words in the same form.

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same photos.
    """
    cases = scene_cases(predictions, truths)
    found = evaluate_detection(predictions, truths)
    scores = {
        "detection": {
            "precision": found.precision,
            "recall": found.recall,
            "hmean": found.hmean,
        }
    }
    if any(case.read is not None for case in cases):
        read = evaluate_end_to_end(predictions, truths)
        scores["end to end"] = {
            "precision": read.precision,
            "recall": read.recall,
            "hmean": read.hmean,
        }
        scores["reading"] = {
            "found words read right": read.correct / read.matched if read.matched else 0.0,
            **_calibration(cases),
        }
    counts = {
        "photos": found.images,
        "true words": found.ground_truths,
        "detections": found.detections,
    }
    return ErrorReport("Spotting errors", {**scores, "counted": counts}, cases)


def word_report(
    words: ScoredWords,
    rules: RecognitionRules | None = None,
    pictures: Pictures | None = None,
) -> ErrorReport:
    """Errors of a recognizer.

    Args:
        words: Readings and true words.
        rules: How they are compared, by default 36 characters without case.
        pictures: Give the crops' sizes.
    """
    cases = word_cases(words, rules)
    if pictures is not None:
        cases = [replace(case, size=pictures.size(case.image)) for case in cases]
    report = evaluate_recognition(words.predictions, words.truths, rules=rules)
    scores = report.weighted
    figures = {
        "words right": scores.accuracy,
        "within one edit": scores.accuracy_ed1,
        "1 − NED": scores.one_minus_ned,
        **_calibration(cases),
    }
    counts = {"words": scores.count, "not counted": report.dropped}
    groups: dict[str, Mapping[str, float]] = {"word accuracy": figures, "counted": counts}
    return ErrorReport("Reading errors", groups, cases, WORD_KINDS)


def _calibration(cases: Sequence[WordCase]) -> dict[str, float]:
    """Expected calibration error of the readings of true words."""
    read = [case for case in cases if case.kind in ("correct", "wrong")]
    if not read or any(case.confidence is None for case in read):
        return {}
    scores = [min(max(case.confidence or 0.0, 0.0), 1.0) for case in read]
    error = calibration(scores, [case.kind == "correct" for case in read]).expected_error
    return {"calibration error": error}
