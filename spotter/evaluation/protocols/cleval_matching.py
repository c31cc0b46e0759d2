"""Matching and character counts of CLEval, on the flat tables of all images at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from spotter.evaluation.pairs import FlatWords, meeting_boxes
from spotter.evaluation.protocols.cleval_characters import Outlines


@dataclass(frozen=True)
class CharacterCounts:
    """Characters counted for detection or for end-to-end reading.

    Attributes:
        correct: Characters found (or found and read).
        ground_truths: Characters of the true words that count.
        detected: Characters that the detections that count claim.
        false_positives: Those of ``detected`` that belong to no word; for reading, the wrong ones.
        recall_penalty: Granularity penalty of split words.
        precision_penalty: Granularity penalty of merged words.
    """

    correct: int = 0
    ground_truths: int = 0
    detected: int = 0
    false_positives: int = 0
    recall_penalty: float = 0.0
    precision_penalty: float = 0.0


@dataclass(frozen=True)
class MatchCounts:
    """What the matching of a set of images counts.

    Attributes:
        detection: Characters found.
        end_to_end: Characters found and read, ``None`` when that was not asked for.
        splits: True words in several detections.
        merges: Detections of several true words.
        overlapped: Further detections of characters that were found already.
        truths: True words that count.
        detections: Detections that count.
    """

    detection: CharacterCounts
    end_to_end: CharacterCounts | None
    splits: int
    merges: int
    overlapped: int
    truths: int
    detections: int


@dataclass(frozen=True)
class Weights:
    """Rules of the matching; see :class:`spotter.evaluation.protocols.cleval.CLEvalSettings`."""

    area_precision: float
    recall_penalty: float
    precision_penalty: float


@dataclass(frozen=True)
class Texts:
    """Transcriptions of both sides, in the case in which they are compared.

    Attributes:
        truths: G texts.
        detections: D texts.
    """

    truths: list[str]
    detections: list[str]


class CharacterTable:
    """Which characters lie in which detections: all that does not depend on what is ignored.

    Args:
        words: Both sides.
        truths: Outlines of the G true words.
        detections: Outlines of the D detections.
        lengths: (G,) number of characters of each true word.

    Attributes:
        truth: (P,) true word of each pair of words that may have to do with each other.
        detection: (P,) detection of the pair.
        areas: (P,) square pixels that the pair shares.
        pair: (K,) pair of each of the K characters in a detection.
        character: (K,) number of the character among all characters.
    """

    def __init__(
        self, words: FlatWords, truths: Outlines, detections: Outlines, lengths: np.ndarray
    ) -> None:
        self.words, self.truths, self.detections, self.lengths = words, truths, detections, lengths
        centres = truths.centres(lengths)
        starts = np.cumsum(lengths) - lengths
        # Centres come from corners that were not cut to whole pixels: they may lie outside.
        boxes = shapely.bounds(truths.shapes)
        some = lengths > 0
        if some.any():
            lowest = np.fmin.reduceat(centres, starts[some])
            highest = np.fmax.reduceat(centres, starts[some])
            boxes[some, :2] = np.fmin(boxes[some, :2], lowest)
            boxes[some, 2:] = np.fmax(boxes[some, 2:], highest)
        self.truth, self.detection = meeting_boxes(
            boxes, words.truth_images, shapely.bounds(detections.shapes), words.detection_images
        )
        self.areas = self._shared_areas(truths.shapes, np.arange(len(self.truth)))
        counts = lengths[self.truth]
        pair: np.ndarray = np.repeat(np.arange(len(self.truth)), counts)
        place = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
        character = starts[self.truth[pair]] + place
        inside = detections.contain(self.detection[pair], centres[character])
        self.pair, self.character = pair[inside], character[inside]

    def _shared_areas(self, truth_shapes: np.ndarray, pairs: np.ndarray) -> np.ndarray:
        first = truth_shapes[self.truth[pairs]]
        second = self.detections.shapes[self.detection[pairs]]
        return shapely.area(shapely.intersection(first, second))

    def area_precision(self, cared: np.ndarray) -> np.ndarray:
        """(P,) float32 share of the detection in the true word.

        Don't-care words leave out what they share with words that count.

        Args:
            cared: (G,) bool, true words that count.
        """
        areas = self.areas.copy()
        bounds, images = shapely.bounds(self.truths.shapes), self.words.truth_images
        ignored, kept = np.flatnonzero(~cared), np.flatnonzero(cared)
        rows, columns = meeting_boxes(bounds[ignored], images[ignored], bounds[kept], images[kept])
        shapes = self.truths.shapes.copy()
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        for group, row in zip(np.split(columns, starts[1:]), rows[starts], strict=False):
            covering = shapely.union_all(self.truths.shapes[kept[group]])
            shapes[ignored[row]] = shapely.difference(shapes[ignored[row]], covering)
        changed = np.flatnonzero(np.isin(self.truth, ignored[np.unique(rows)]))
        areas[changed] = self._shared_areas(shapes, changed)
        whole = shapely.area(self.detections.shapes)[self.detection]
        shares = np.divide(areas, whole, out=np.zeros(len(areas)), where=whole > 0)
        # The package compares in this precision, which forgives rounding at the threshold.
        return shares.astype(np.float32)


def count_matches(
    table: CharacterTable, cared: np.ndarray, weights: Weights, texts: Texts | None = None
) -> MatchCounts:
    """Match words and count characters.

    Args:
        table: Geometry of both sides.
        cared: (G,) bool, true words that count.
        weights: Threshold and penalties.
        texts: Transcriptions, for end-to-end reading.

    Returns:
        See :class:`MatchCounts`.
    """
    matched, counted = _match(table, cared, weights)
    truth, detection = table.truth[matched], table.detection[matched]
    per_truth = np.bincount(truth, minlength=len(cared))
    per_detection = np.bincount(detection, minlength=len(counted))

    claims = np.bincount(table.character[matched[table.pair]])
    found = int((claims > 0).sum())
    invented = int(table.detections.false_characters()[counted & (per_detection == 0)].sum())
    truths = int(table.lengths[cared].sum())
    recall_penalty = weights.recall_penalty * float(np.maximum(per_truth - 1, 0).sum())
    precision_penalty = weights.precision_penalty * float(np.maximum(per_detection - 1, 0).sum())
    detected = int(claims.sum()) + invented
    end_to_end = None
    if texts is not None:
        read = _read_characters(table, matched, texts)
        claimed = sum(len(texts.detections[number]) for number in np.flatnonzero(counted))
        end_to_end = CharacterCounts(
            read, truths, claimed, claimed - read, recall_penalty, precision_penalty
        )
    return MatchCounts(
        detection=CharacterCounts(
            found, truths, detected, invented, recall_penalty, precision_penalty
        ),
        end_to_end=end_to_end,
        splits=int((per_truth > 1).sum()),
        merges=int((per_detection > 1).sum()),
        overlapped=int(claims.sum()) - found,
        truths=int(cared.sum()),
        detections=int(counted.sum()),
    )


def _match(
    table: CharacterTable, cared: np.ndarray, weights: Weights
) -> tuple[np.ndarray, np.ndarray]:
    """Matched pairs (P,) bool and detections that count (D,) bool."""
    truth, detection = table.truth, table.detection
    shares = table.area_precision(cared)
    centres = np.bincount(table.pair, minlength=len(truth)) > 0
    tight = shares >= np.float32(weights.area_precision)
    good = tight & centres

    ignored: np.ndarray = np.zeros(len(table.words.detections), dtype=bool)
    ignored[detection[tight & ~cared[truth]]] = True
    on_ignored: np.ndarray = np.zeros(len(ignored), dtype=np.float32)
    touching = centres & ~cared[truth]
    np.add.at(on_ignored, detection[touching], shares[touching])
    counted = ~(ignored | (on_ignored >= np.float32(weights.area_precision)))

    valid = cared[truth] & counted[detection]
    # Words and detections that are left out still keep a pair from being the only one.
    alone = np.bincount(truth[good], minlength=len(cared))[truth] == 1
    alone &= np.bincount(detection[good], minlength=len(ignored))[detection] == 1
    one_to_one = good & valid & alone

    parts = good & valid
    one_to_many = parts & (np.bincount(truth[parts], minlength=len(cared))[truth] >= 2)

    inside = centres & valid
    of_detection = detection[inside]
    many = np.bincount(of_detection, minlength=len(ignored)) >= 2
    together = np.bincount(of_detection, weights=shares[inside], minlength=len(ignored))
    many_to_one = inside & (many & (together >= weights.area_precision))[detection]
    return one_to_one | one_to_many | many_to_one, counted


def _read_characters(table: CharacterTable, matched: np.ndarray, texts: Texts) -> int:
    """Number of characters that are found and read.

    In the order of the ground truth each word takes from its detections, put together in reading
    order, the longest common subsequence; what is taken is gone for the words that follow.
    """
    left = list(texts.detections)
    pairs = np.flatnonzero(matched)
    groups = np.split(pairs, np.flatnonzero(np.diff(table.truth[pairs])) + 1)
    read = 0
    for group in groups if len(pairs) else []:
        detections = table.detection[group].tolist()
        if len(group) > 1:
            detections = [detections[place] for place in _in_reading_order(table, group)]
        text = texts.truths[table.truth[group[0]]]
        common = longest_common_subsequence(text, "".join(left[d] for d in detections))
        read += len(common)
        for character in common:
            holder = next(d for d in detections if character in left[d])
            left[holder] = left[holder].replace(character, "", 1)
    return read


def _in_reading_order(table: CharacterTable, group: np.ndarray) -> list[int]:
    """Places of the pairs of one true word, in the order of the characters they hold.

    As in the package each character brings one detection forward, and one more closes the row:
    detections that hold only characters of others may be left out.
    """
    limits = np.asarray(np.searchsorted(table.pair, np.stack([group, group + 1])))
    held = [set(table.character[a:b].tolist()) for a, b in limits.T.tolist()]
    waiting = list(range(len(group)))
    order: list[int] = []
    for character in sorted(set().union(*held)):
        if len(waiting) == 1:
            break
        holder = next((place for place in waiting if character in held[place]), None)
        if holder is not None:
            order.append(holder)
            waiting.remove(holder)
    return [*order, waiting[0]]


def longest_common_subsequence(first: str, second: str) -> str:
    """A longest common subsequence; of several, the one that the CLEval package takes.

    Args:
        first: One text.
        second: The other.

    Returns:
        Characters that occur in both in this order.
    """
    if first == second:
        return first
    # lengths[i][j] is that of the first i and first j characters.
    lengths = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        above, row = lengths[i], lengths[i + 1]
        for j, other in enumerate(second):
            row[j + 1] = above[j] + 1 if one == other else max(above[j + 1], row[j])
    i, j, common = len(first), len(second), []
    while i and j:
        if first[i - 1] == second[j - 1]:
            common.append(first[i - 1])
            i, j = i - 1, j - 1
        elif lengths[i - 1][j] > lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return "".join(reversed(common))
