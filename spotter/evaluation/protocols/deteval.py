"""DetEval: detection scores with split and merged words (Wolf and Jolion, IJDAR 2006).

Two published scripts differ in details that move the numbers; both are here as settings: that of
the ICDAR 2013 Robust Reading Competition (task 2.1) and that of the authors of Total-Text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spotter.errors import ConfigError
from spotter.evaluation.matching import FlatScores, Words, changed_settings, harmonic_mean, rate
from spotter.evaluation.pairs import WordPairs, flatten_words, pair_words

#: Sums of shares are compared after rounding, as the ICDAR 2013 script does.
_SUM_DECIMALS = 4


@dataclass(frozen=True)
class DetEvalSettings:
    """What a DetEval script fixes. Area recall is the covered share of the true word, area
    precision the covered share of the detection.

    Attributes:
        recall: Area recall t_r of a match.
        precision: Area precision t_p of a match.
        one_to_many: Credit of a true word that is split into several detections.
        many_to_one: Credit of each true word of several that one detection merges.
        merged_recall: Area recall of each true word of a merge.
        ignore_threshold: Detections of which one don't-care word covers more than this share are
            left out.
        mutual: One-to-one asks that both words overlap nothing else that counts, that neither has
            another candidate (don't-care words included), and for the centre distance. Otherwise a
            true word is found when exactly one detection exceeds t_r and exactly one exceeds t_p.
        centre_distance: For ``mutual``: limit of the distance of the centres, divided by the mean
            of the diagonals.
        inclusive_rectangles: Words are their upright bounding boxes, and coordinates are numbers of
            pixels of which the last one belongs to the word, so that a box from 0 to 9 is 10 wide.
        share_decimals: Shares are rounded to so many decimals.
    """

    recall: float = 0.8
    precision: float = 0.4
    one_to_many: float = 0.8
    many_to_one: float = 1.0
    merged_recall: float = 0.8
    ignore_threshold: float = 0.4
    mutual: bool = True
    centre_distance: float = 1.0
    inclusive_rectangles: bool = False
    share_decimals: int | None = None


#: The published settings by name. ``polygons`` are the rules of ICDAR 2013 for any outline.
DETEVAL_SETTINGS = {
    "icdar2013": DetEvalSettings(inclusive_rectangles=True),
    "polygons": DetEvalSettings(),
    "totaltext": DetEvalSettings(
        recall=0.7,
        precision=0.6,
        many_to_one=0.8,
        merged_recall=0.6,
        ignore_threshold=0.5,
        mutual=False,
        share_decimals=2,
    ),
}


@dataclass(frozen=True)
class DetEvalScores(FlatScores):
    """Scores over a set of images.

    Attributes:
        precision: Credits of the detections / detections.
        recall: Credits of the true words / ground_truths.
        hmean: Harmonic mean of the two.
        one_to_one: Number of true words found by one detection.
        one_to_many: Number of true words that were split.
        many_to_one: Number of detections that merge words.
        detections: Number of detections that count.
        ground_truths: Number of true words that count.
        images: Number of images.
    """

    precision: float
    recall: float
    hmean: float
    one_to_one: int
    one_to_many: int
    many_to_one: int
    detections: int
    ground_truths: int
    images: int


def deteval_settings(settings: DetEvalSettings | str) -> DetEvalSettings:
    """Settings by name.

    Args:
        settings: A name of :data:`DETEVAL_SETTINGS`, or settings, which come back.

    Raises:
        ConfigError: Unknown name.
    """
    if isinstance(settings, DetEvalSettings):
        return settings
    if settings not in DETEVAL_SETTINGS:
        known = ", ".join(DETEVAL_SETTINGS)
        raise ConfigError(f"There are no DetEval settings {settings!r}; known are {known}.")
    return DETEVAL_SETTINGS[settings]


def evaluate_deteval(
    predictions: Words,
    ground_truths: Words,
    settings: DetEvalSettings | str = "icdar2013",
    min_score: float = 0.0,
    overrides: Mapping[str, Any] | None = None,
) -> DetEvalScores:
    """Detection scores that give credit to split and merged words.

    Pairs are sought in this order: one true word with one detection, one true word with several
    detections, several true words with one detection. A word that is matched is not matched again.
    A split or merge of which only one part is left is a one-to-one match.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: The same; words with ``ignore`` or the text ``###`` are don't-care.
        settings: The rules, or one of the names ``"icdar2013"``, ``"totaltext"``, ``"polygons"``.
        min_score: Detections below it are dropped; to be fixed before the test set is seen.
        overrides: Rules that differ from ``settings``, by their names in :class:`DetEvalSettings`.

    Returns:
        Scores over all images together.

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
        ConfigError: Unknown settings.
    """
    settings = changed_settings("DetEval", deteval_settings(settings), overrides)
    words = flatten_words(predictions, ground_truths, min_score)
    pairs = pair_words(words, inclusive_rectangles if settings.inclusive_rectangles else None)
    matching = _Matching(pairs, settings)
    singles = matching.one_to_one()
    splits = matching.one_to_many()
    merges = matching.many_to_one()
    split_words = [members for members in splits if members > 1]
    merged_words = [members for members in merges if members > 1]
    singles += len(splits) + len(merges) - len(split_words) - len(merged_words)
    found = singles + settings.one_to_many * len(split_words)
    found += settings.many_to_one * sum(merged_words)
    right = singles + settings.one_to_many * sum(split_words)
    right += settings.many_to_one * len(merged_words)
    detections, truths = int(matching.counted.sum()), int(words.cared.sum())
    # Total-Text's rule may credit one detection for two words that lie on each other.
    precision, recall = min(1.0, rate(right, detections)), rate(found, truths)
    return DetEvalScores(
        precision=precision,
        recall=recall,
        hmean=harmonic_mean(precision, recall),
        one_to_one=singles,
        one_to_many=len(split_words),
        many_to_one=len(merged_words),
        detections=detections,
        ground_truths=truths,
        images=words.images,
    )


def inclusive_rectangles(polygons: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Upright bounding boxes (4, 2) that are one pixel wider and higher than the coordinates say.

    Args:
        polygons: Each (N_i, 2); those without vertices come back as they are.
    """
    boxes = []
    for polygon in polygons:
        if not len(polygon):
            boxes.append(polygon)
            continue
        (x0, y0), (x1, y1) = polygon.min(axis=0), polygon.max(axis=0) + 1.0
        boxes.append(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64))
    return boxes


class _Matching:
    """The three searches, each on what the ones before it left free."""

    def __init__(self, pairs: WordPairs, settings: DetEvalSettings) -> None:
        self.pairs, self.settings = pairs, settings
        self.truths, self.detections = len(pairs.truth_areas), len(pairs.detection_areas)
        self.counted = ~pairs.ignored_detections(settings.ignore_threshold)
        self.alive = pairs.words.cared[pairs.truth] & self.counted[pairs.detection]
        self.recall, self.precision = pairs.area_recall, pairs.area_precision
        if settings.share_decimals is not None:
            self.recall = self.recall.round(settings.share_decimals)
            self.precision = self.precision.round(settings.share_decimals)
        self.truth_free: np.ndarray = np.ones(self.truths, dtype=bool)
        self.detection_free: np.ndarray = np.ones(self.detections, dtype=bool)
        self.truth_overlaps = self._per_truth(self.alive & (self.recall > 0))
        self.detection_overlaps = self._per_detection(self.alive & (self.precision > 0))

    def _per_truth(self, chosen: np.ndarray) -> np.ndarray:
        return np.bincount(self.pairs.truth[chosen], minlength=self.truths)

    def _per_detection(self, chosen: np.ndarray) -> np.ndarray:
        return np.bincount(self.pairs.detection[chosen], minlength=self.detections)

    def one_to_one(self) -> int:
        """Number of true words found by one detection; no word can be in two such pairs."""
        truth, detection = self.pairs.truth, self.pairs.detection
        if self.settings.mutual:
            good = self.recall >= self.settings.recall
            good &= self.precision >= self.settings.precision
            single = (self._per_truth(good)[truth] == 1) & (self.truth_overlaps[truth] == 1)
            single &= self._per_detection(good)[detection] == 1
            single &= self.detection_overlaps[detection] == 1
            single &= good & self.alive & self._centres_are_near()
        else:
            covers = self.alive & (self.recall > self.settings.recall)
            inside = self.alive & (self.precision > self.settings.precision)
            single = covers & (self._per_truth(covers)[truth] == 1)
            single &= self._per_truth(inside)[truth] == 1
        self.truth_free[truth[single]] = False
        self.detection_free[detection[single]] = False
        return int(single.sum())

    def _centres_are_near(self) -> np.ndarray:
        true, found = (
            shapely.bounds(shapes)[numbers]
            for shapes, numbers in (
                (self.pairs.truth_shapes, self.pairs.truth),
                (self.pairs.detection_shapes, self.pairs.detection),
            )
        )
        apart = (true[:, :2] + true[:, 2:] - found[:, :2] - found[:, 2:]) / 2
        diagonals = sum(np.linalg.norm(box[:, 2:] - box[:, :2], axis=1) for box in (true, found))
        limit = self.settings.centre_distance * diagonals / 2
        return np.linalg.norm(apart, axis=1) < limit

    def one_to_many(self) -> list[int]:
        """Numbers of detections of the true words that several detections share."""
        return _groups(
            owners=self.pairs.truth,
            members=self.pairs.detection,
            candidates=self.alive & (self.precision >= self.settings.precision),
            shares=self.recall,
            threshold=self.settings.recall,
            eligible=self.truth_overlaps >= 2,
            may_stand_alone=self.alive,
            owner_free=self.truth_free,
            member_free=self.detection_free,
        )

    def many_to_one(self) -> list[int]:
        """Numbers of true words of the detections that cover several."""
        return _groups(
            owners=self.pairs.detection,
            members=self.pairs.truth,
            candidates=self.alive & (self.recall >= self.settings.merged_recall),
            shares=self.precision,
            threshold=self.settings.precision,
            eligible=self.detection_overlaps >= 2,
            may_stand_alone=self.recall >= self.settings.recall,
            owner_free=self.detection_free,
            member_free=self.truth_free,
        )


def _groups(
    owners: np.ndarray,
    members: np.ndarray,
    candidates: np.ndarray,
    shares: np.ndarray,
    threshold: float,
    eligible: np.ndarray,
    may_stand_alone: np.ndarray,
    owner_free: np.ndarray,
    member_free: np.ndarray,
) -> list[int]:
    """Give each owner, in order, its free members when their shares add up to the threshold.

    Args:
        owners: (P,) number of the word that is split or that merges.
        members: (P,) number of its part.
        candidates: (P,) bool, pairs to consider.
        shares: (P,) what is added up.
        threshold: Sum to reach.
        eligible: (O,) bool, owners to consider.
        may_stand_alone: (P,) bool, pairs that count when they are the only one left.
        owner_free: (O,) bool, updated.
        member_free: (M,) bool, updated.

    Returns:
        Number of members of each group.
    """
    chosen = np.flatnonzero(candidates & eligible[owners] & owner_free[owners])
    chosen = chosen[np.lexsort((members[chosen], owners[chosen]))]
    starts = np.flatnonzero(np.diff(owners[chosen], prepend=-1))
    sizes = []
    for group in np.split(chosen, starts[1:]) if len(chosen) else []:
        free = group[member_free[members[group]]]
        if not len(free) or round(float(shares[free].sum()), _SUM_DECIMALS) < threshold:
            continue
        if len(free) == 1 and not may_stand_alone[free[0]]:
            continue
        owner_free[owners[free[0]]] = False
        member_free[members[free]] = False
        sizes.append(len(free))
    return sizes
