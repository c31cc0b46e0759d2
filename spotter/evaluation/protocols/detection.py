"""Detection by IoU, the ICDAR 2015 protocol (Karatzas et al., ICDAR 2015 Robust Reading)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotter.evaluation.matching import FlatScores, Words, average_precision, harmonic_mean, rate
from spotter.evaluation.pairs import flatten_words, pair_words


@dataclass(frozen=True)
class DetectionScores(FlatScores):
    """Scores over a set of images.

    Attributes:
        precision: matched / detections.
        recall: matched / ground_truths.
        hmean: Harmonic mean of the two.
        average_precision: Area under the ranked precisions, from the detection scores.
        matched: Number of matched pairs.
        detections: Number of detections that count.
        ground_truths: Number of true words that count.
        images: Number of images.
    """

    precision: float
    recall: float
    hmean: float
    average_precision: float
    matched: int
    detections: int
    ground_truths: int
    images: int


def evaluate_detection(
    predictions: Words,
    ground_truths: Words,
    iou_threshold: float = 0.5,
    ignore_threshold: float = 0.5,
    min_score: float = 0.0,
) -> DetectionScores:
    """Detection scores by the ICDAR 2015 protocol.

    Words with ``ignore`` (or the text ``###``) are don't-care: detections of which one of them
    covers more than ``ignore_threshold`` of the area are left out. The others are matched one to
    one, greedily in the order of the ground truth, at IoU strictly above ``iou_threshold``: the
    first such detection in the order given or, for the average precision alone, in falling order of
    score, which is how the official script takes detections that have confidences.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: True words in the same form.
        iou_threshold: IoU that a match must exceed.
        ignore_threshold: Area share of the don't-care rule.
        min_score: Detections below it are dropped. Fix it before the test set is seen: it is
            deliberately one number, not a range to search.

    Returns:
        Scores over all images together (not a mean of images).

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
    """
    words = flatten_words(predictions, ground_truths, min_score)
    pairs = pair_words(words)
    counted = ~pairs.ignored_detections(ignore_threshold)
    matched = len(pairs.greedy_matches(counted, iou_threshold))
    scores = words.detection_scores
    correct: np.ndarray = np.zeros(len(words.detections), dtype=bool)
    correct[pairs.detection[pairs.greedy_matches(counted, iou_threshold, priority=scores)]] = True
    truths, detections = int(words.cared.sum()), int(counted.sum())
    precision, recall = rate(matched, detections), rate(matched, truths)
    return DetectionScores(
        precision=precision,
        recall=recall,
        hmean=harmonic_mean(precision, recall),
        average_precision=average_precision(scores[counted], correct[counted], truths),
        matched=matched,
        detections=detections,
        ground_truths=truths,
        images=words.images,
    )
