"""Detection by IoU, the ICDAR 2015 protocol (Karatzas et al., ICDAR 2015 Robust Reading)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from spotter.evaluation.matching import (
    Words,
    average_precision,
    greedy_matches,
    harmonic_mean,
    ignored_detections,
    paired_images,
    photo_ground_truth,
    rate,
)
from spotter.geometry import pairwise_overlaps
from spotter.registry import METRICS
from spotter.structures import TextDetSample, TextInstance


@dataclass(frozen=True)
class DetectionScores:
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

    def to_dict(self) -> dict[str, float]:
        """The attributes by name."""
        return asdict(self)


@dataclass(frozen=True)
class _ImageTally:
    """Counts of one image; ``scores`` and ``correct`` are (D,), for detections that count."""

    scores: np.ndarray
    correct: np.ndarray
    ground_truths: int


def _tally_image(
    predicted: Sequence[TextInstance],
    true: Sequence[TextInstance],
    iou_threshold: float,
    ignore_threshold: float,
    min_score: float,
) -> _ImageTally:
    predicted = [word for word in predicted if word.detection_score >= min_score]
    cared = np.array([not word.ignore for word in true], dtype=bool)
    overlaps = pairwise_overlaps([w.polygon for w in true], [w.polygon for w in predicted])
    counted = ~ignored_detections(overlaps, ~cared, ignore_threshold)
    correct: np.ndarray = np.zeros(len(predicted), dtype=bool)
    for _, detection in greedy_matches(overlaps.iou, cared, counted, iou_threshold):
        correct[detection] = True
    scores: np.ndarray = np.array([word.detection_score for word in predicted], dtype=np.float64)
    return _ImageTally(scores[counted], correct[counted], int(cared.sum()))


def _summarise(tallies: Sequence[_ImageTally]) -> DetectionScores:
    scores = np.concatenate([np.zeros(0), *(tally.scores for tally in tallies)])
    correct = np.concatenate([np.zeros(0, dtype=bool), *(tally.correct for tally in tallies)])
    truths = sum(tally.ground_truths for tally in tallies)
    matched = int(correct.sum())
    precision, recall = rate(matched, len(correct)), rate(matched, truths)
    return DetectionScores(
        precision=precision,
        recall=recall,
        hmean=harmonic_mean(precision, recall),
        average_precision=average_precision(scores, correct, truths),
        matched=matched,
        detections=len(correct),
        ground_truths=truths,
        images=len(tallies),
    )


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
    one, greedily in the order of the ground truth, at IoU strictly above ``iou_threshold``.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: Likewise.
        iou_threshold: IoU that a match must exceed.
        ignore_threshold: Area share of the don't-care rule.
        min_score: Detections below it are dropped. Fix it before the test set is seen: it is
            deliberately one number, not a range to search.

    Returns:
        Scores over all images together (not a mean of images).

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
    """
    return _summarise(
        [
            _tally_image(predicted, true, iou_threshold, ignore_threshold, min_score)
            for _, predicted, true in paired_images(predictions, ground_truths)
        ]
    )


@METRICS.register_module()
class DetectionIoU(BaseMetric):
    """:func:`evaluate_detection` as a metric of mmengine's loops.

    Args:
        iou_threshold: IoU that a match must exceed.
        ignore_threshold: Area share of the don't-care rule.
        min_score: Detections below it are dropped; fixed beforehand, never swept on the test data.
        collect_device: Where ranks exchange results, ``"cpu"`` or ``"gpu"``.
        prefix: Prefix of the names in the log, ``detection`` by default.
    """

    default_prefix = "detection"

    def __init__(
        self,
        iou_threshold: float = 0.5,
        ignore_threshold: float = 0.5,
        min_score: float = 0.0,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.iou_threshold = iou_threshold
        self.ignore_threshold = ignore_threshold
        self.min_score = min_score

    def process(self, data_batch: Any, data_samples: Sequence[TextDetSample]) -> None:
        """Count one batch.

        Args:
            data_batch: Not used.
            data_samples: Samples with predictions in pixels of the photo and ground truth in pixels
                of the network's input.
        """
        for sample in data_samples:
            self.results.append(
                _tally_image(
                    sample.predictions,
                    photo_ground_truth(sample),
                    self.iou_threshold,
                    self.ignore_threshold,
                    self.min_score,
                )
            )

    def compute_metrics(self, results: list[_ImageTally]) -> dict[str, float]:
        """Scores of all batches and ranks, see :class:`DetectionScores`."""
        return _summarise(results).to_dict()
