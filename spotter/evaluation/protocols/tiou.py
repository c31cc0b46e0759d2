"""TIoU: IoU with penalties for cut-off and foreign text (Liu et al., Tightness-aware Evaluation
Protocol for Scene Text Detection, CVPR 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from spotter.evaluation.matching import FlatScores, Words, harmonic_mean, rate
from spotter.evaluation.pairs import WordPairs, flatten_words, pair_words, share

#: Shares up to this one are forgiven.
_TOLERANCE = 0.01


@dataclass(frozen=True)
class TIoUScores(FlatScores):
    """Scores over a set of images.

    Attributes:
        precision: TIoU precision, sum over matches of IoU x f(foreign share) / detections.
        recall: TIoU recall, sum over matches of IoU x f(cut share) / ground_truths.
        hmean: Harmonic mean of the two.
        iou_precision: Sum over matches of IoU / detections.
        iou_recall: Sum over matches of IoU / ground_truths.
        iou_hmean: Harmonic mean of the two.
        matched: Number of matched pairs.
        cut: Number of matches that lost part of the true word.
        foreign: Number of matches that cover other text.
        detections: Number of detections that count.
        ground_truths: Number of true words that count.
        images: Number of images.
    """

    precision: float
    recall: float
    hmean: float
    iou_precision: float
    iou_recall: float
    iou_hmean: float
    matched: int
    cut: int
    foreign: int
    detections: int
    ground_truths: int
    images: int


def evaluate_tiou(
    predictions: Words,
    ground_truths: Words,
    iou_threshold: float = 0.5,
    ignore_threshold: float = 0.5,
    foreign_ignored: bool = True,
    min_score: float = 0.0,
) -> TIoUScores:
    """Tightness-aware scores for outlines of any number of vertices.

    Matching and don't-care rule are those of :func:`evaluate_detection`. A match earns for recall
    its IoU times f(share of the true word that is cut off) and for precision its IoU times
    f(share of the detection that lies on other true words and outside its own), where f(x) = 1 - x,
    and 1 up to x = 0.01.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: True words in the same form.
        iou_threshold: IoU that a match must exceed.
        ignore_threshold: Area share of the don't-care rule.
        foreign_ignored: Whether don't-care words are other text, too, as in the authors' script.
        min_score: Detections below it are dropped; to be fixed before the test set is seen.

    Returns:
        Scores over all images together.

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
    """
    words = flatten_words(predictions, ground_truths, min_score)
    pairs = pair_words(words)
    counted = ~pairs.ignored_detections(ignore_threshold)
    matches = pairs.greedy_matches(counted, iou_threshold)
    iou = pairs.iou[matches]
    areas = pairs.truth_areas[pairs.truth[matches]]
    cut = _forgive(share(areas - pairs.intersections[matches], areas))
    foreign = _forgive(_foreign_shares(pairs, matches, foreign_ignored))
    truths, detections = int(words.cared.sum()), int(counted.sum())
    precision = rate(float((iou * (1.0 - foreign)).sum()), detections)
    recall = rate(float((iou * (1.0 - cut)).sum()), truths)
    iou_precision, iou_recall = rate(float(iou.sum()), detections), rate(float(iou.sum()), truths)
    return TIoUScores(
        precision=precision,
        recall=recall,
        hmean=harmonic_mean(precision, recall),
        iou_precision=iou_precision,
        iou_recall=iou_recall,
        iou_hmean=harmonic_mean(iou_precision, iou_recall),
        matched=len(matches),
        cut=int((cut > 0).sum()),
        foreign=int((foreign > 0).sum()),
        detections=detections,
        ground_truths=truths,
        images=words.images,
    )


def _forgive(shares: np.ndarray) -> np.ndarray:
    """1 - f of shares (M,)."""
    return np.where(shares <= _TOLERANCE, 0.0, np.minimum(shares, 1.0))


def _foreign_shares(pairs: WordPairs, matches: np.ndarray, foreign_ignored: bool) -> np.ndarray:
    """(M,) share of each matched detection on other true words and outside of its own."""
    usable = pairs.intersections > 0
    if not foreign_ignored:
        usable &= pairs.words.cared[pairs.truth]
    overlapping = np.flatnonzero(usable)
    overlapping = overlapping[np.argsort(pairs.detection[overlapping], kind="stable")]
    found = pairs.detection[overlapping]
    wanted = pairs.detection[matches]
    limits = np.asarray(np.searchsorted(found, np.stack([wanted, wanted + 1])))
    first, last = limits
    shares: np.ndarray = np.zeros(len(matches))
    crowded = np.flatnonzero(last - first > 1)
    if not len(crowded):
        return shares
    others: np.ndarray = np.empty(len(crowded), dtype=object)
    for place, match in enumerate(crowded):
        truths = pairs.truth[overlapping[first[match] : last[match]]]
        truths = truths[truths != pairs.truth[matches[match]]]
        shapes = pairs.truth_shapes[truths]
        others[place] = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
    own = pairs.truth_shapes[pairs.truth[matches[crowded]]]
    detections = pairs.detection[matches[crowded]]
    outside = shapely.difference(pairs.detection_shapes[detections], own)
    foreign = shapely.area(shapely.intersection(outside, others))
    shares[crowded] = share(foreign, pairs.detection_areas[detections])
    return shares
