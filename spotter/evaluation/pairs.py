"""True and predicted words of all images at once: which of them overlap, and by how much.

A benchmark has hundreds of images with few words each. Calls to shapely cost the same for one pair
as for a thousand, so the protocols work on one flat table of pairs instead of a matrix per image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely

from spotter.evaluation.matching import Words, paired_images
from spotter.geometry import as_shapely
from spotter.structures import TextInstance

#: Replaces the polygons of words before they are compared.
OutlineRule: TypeAlias = "Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]"


@dataclass(frozen=True)
class FlatWords:
    """Words of both sides, one image after the other.

    Attributes:
        images: Number of images.
        truths: G true words.
        detections: D predicted words.
        truth_images: (G,) number of the image of each.
        detection_images: (D,) number of the image of each.
    """

    images: int
    truths: list[TextInstance]
    detections: list[TextInstance]
    truth_images: np.ndarray
    detection_images: np.ndarray

    @property
    def cared(self) -> np.ndarray:
        """(G,) bool, true words that are not don't-care."""
        return np.array([not word.ignore for word in self.truths], dtype=bool)

    @property
    def detection_scores(self) -> np.ndarray:
        """(D,) float64."""
        return np.array([word.detection_score for word in self.detections], dtype=np.float64)


@dataclass(frozen=True)
class WordPairs:
    """Pairs of a true and a predicted word of the same image whose bounding boxes meet.

    Pairs are sorted by true word, then by detection; P of them.

    Attributes:
        words: The words that the numbers refer to.
        truth_shapes: (G,) valid shapely geometries.
        detection_shapes: (D,) valid shapely geometries.
        truth_areas: (G,) square pixels.
        detection_areas: (D,) square pixels.
        truth: (P,) number of the true word.
        detection: (P,) number of the detection.
        intersections: (P,) square pixels, perhaps 0.
    """

    words: FlatWords
    truth_shapes: np.ndarray
    detection_shapes: np.ndarray
    truth_areas: np.ndarray
    detection_areas: np.ndarray
    truth: np.ndarray
    detection: np.ndarray
    intersections: np.ndarray

    @property
    def iou(self) -> np.ndarray:
        """(P,) intersection over union."""
        areas = self.truth_areas[self.truth] + self.detection_areas[self.detection]
        return share(self.intersections, areas - self.intersections)

    @property
    def area_recall(self) -> np.ndarray:
        """(P,) share of the true word that the detection covers."""
        return share(self.intersections, self.truth_areas[self.truth])

    @property
    def area_precision(self) -> np.ndarray:
        """(P,) share of the detection that the true word covers."""
        return share(self.intersections, self.detection_areas[self.detection])

    def ignored_detections(self, threshold: float = 0.5) -> np.ndarray:
        """(D,) bool, detections of which one don't-care word covers more than ``threshold``."""
        covered = self.area_precision > threshold
        ignored: np.ndarray = np.zeros(len(self.words.detections), dtype=bool)
        ignored[self.detection[covered & ~self.words.cared[self.truth]]] = True
        return ignored

    def greedy_matches(
        self, counted: np.ndarray, threshold: float, priority: np.ndarray | None = None
    ) -> np.ndarray:
        """One-to-one matching as the ICDAR 2015 script does it.

        In the order of the ground truth, each word that counts takes the first free detection whose
        IoU is strictly above the threshold.

        Args:
            counted: (D,) bool, detections that count.
            threshold: IoU to exceed.
            priority: (D,) detections with the larger value come first; by default they come as
                given.

        Returns:
            (M,) numbers of the matched pairs.
        """
        allowed = (self.iou > threshold) & self.words.cared[self.truth] & counted[self.detection]
        candidates = np.flatnonzero(allowed)
        if priority is not None:
            rank = -priority[self.detection[candidates]]
            candidates = candidates[np.lexsort((rank, self.truth[candidates]))]
        truths, detections = self.truth[candidates].tolist(), self.detection[candidates].tolist()
        taken: set[int] = set()
        matched: list[int] = []
        last = -1
        for pair, truth, detection in zip(candidates.tolist(), truths, detections, strict=True):
            if truth != last and detection not in taken:
                taken.add(detection)
                matched.append(pair)
                last = truth
        return np.array(matched, dtype=np.int64)


def share(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    """``parts / wholes``, 0 where the whole has no area."""
    return np.divide(parts, wholes, out=np.zeros(len(parts)), where=wholes > 0)


def flatten_words(predictions: Words, ground_truths: Words, min_score: float = 0.0) -> FlatWords:
    """Put the words of all images in one row.

    Args:
        predictions: See :func:`spotter.evaluation.matching.paired_images`.
        ground_truths: True words in the same form.
        min_score: Predictions with a lower detection score are dropped.

    Returns:
        See :class:`FlatWords`.

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
    """
    truths: list[TextInstance] = []
    detections: list[TextInstance] = []
    counts: list[tuple[int, int]] = []
    for _, predicted, true in paired_images(predictions, ground_truths):
        kept = [word for word in predicted if word.detection_score >= min_score]
        truths += true
        detections += kept
        counts.append((len(true), len(kept)))
    numbers: np.ndarray = np.array(counts, dtype=np.int64).reshape(-1, 2)
    images = np.arange(len(counts))
    return FlatWords(
        images=len(counts),
        truths=truths,
        detections=detections,
        truth_images=np.repeat(images, numbers[:, 0]),
        detection_images=np.repeat(images, numbers[:, 1]),
    )


def meeting_boxes(
    first: np.ndarray, first_images: np.ndarray, second: np.ndarray, second_images: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of boxes of the same image that share at least a point.

    Args:
        first: (A, 4) boxes as x0, y0, x1, y1; boxes with NaN meet nothing.
        first_images: (A,) number of the image of each.
        second: (B, 4) boxes.
        second_images: (B,) number of the image of each.

    Returns:
        (P,) numbers into ``first`` and (P,) into ``second``, sorted by the first, then the second.
    """
    some, others = (np.flatnonzero(np.isfinite(boxes).all(axis=1)) for boxes in (first, second))
    if not len(some) or not len(others):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    a, b = first[some], second[others]
    left = min(a[:, 0].min(), b[:, 0].min())
    # Images side by side with a gap: a whole number, so that whole coordinates stay exact.
    pitch = np.ceil(max(a[:, 2].max(), b[:, 2].max()) - left) + 2.0
    shift = np.array([1.0, 0.0, 1.0, 0.0])
    a = a + shift * (first_images[some] * pitch)[:, None]
    b = b + shift * (second_images[others] * pitch)[:, None]
    rows, columns = shapely.STRtree(shapely.box(*b.T)).query(shapely.box(*a.T))
    rows, columns = some[rows], others[columns]
    order = np.lexsort((columns, rows))
    return rows[order], columns[order]


def pair_words(words: FlatWords, outline: OutlineRule | None = None) -> WordPairs:
    """Find the pairs of all images and their areas.

    Args:
        words: Both sides.
        outline: What is compared in place of the words' polygons, e.g. their bounding boxes.

    Returns:
        See :class:`WordPairs`.
    """
    polygons = [[word.polygon for word in side] for side in (words.truths, words.detections)]
    truths, detections = (as_shapely(outline(side) if outline else side) for side in polygons)
    truth, detection = meeting_boxes(
        shapely.bounds(truths),
        words.truth_images,
        shapely.bounds(detections),
        words.detection_images,
    )
    return WordPairs(
        words=words,
        truth_shapes=truths,
        detection_shapes=detections,
        truth_areas=shapely.area(truths),
        detection_areas=shapely.area(detections),
        truth=truth,
        detection=detection,
        intersections=shapely.area(shapely.intersection(truths[truth], detections[detection])),
    )
