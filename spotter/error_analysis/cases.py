"""The outcome of every word: found and read, or one of five kinds of error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np

from spotter.decoding.lexicon import edit_distance
from spotter.evaluation.confusion import align
from spotter.evaluation.matching import Words, greedy_matches, ignored_detections, paired_images
from spotter.evaluation.protocols.end_to_end import texts_match
from spotter.evaluation.protocols.recognition import RecognitionRules
from spotter.evaluation.saved import ScoredWords
from spotter.geometry import Overlaps, native_size, pairwise_overlaps
from spotter.structures import TextInstance

Kind: TypeAlias = Literal["missed", "wrong", "merged", "split", "false_alarm", "correct"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: What can become of a word crop.
WORD_KINDS: tuple[Kind, ...] = ("missed", "wrong", "correct")

_PIECES = " | "
_IOU = 0.5
_COVERED = 0.5


@dataclass(frozen=True)
class WordCase:
    """One true word, or one detection where no true word is.

    Attributes:
        image: Name of the photo or crop.
        kind: What became of it.
        true: The true word; ``None`` if there is none, or if it is unlabelled.
        read: What was read there; pieces of a split word are parted by `` | ``. ``None`` where
            nothing was found or read.
        confidence: Score of the reading, or of the detection if nothing is read; of several the
            mean.
        outline: (N, 2) of the true word; ``None`` for false alarms and for word crops.
        predicted: Detections that have to do with it, each (M, 2).
        compared: (true word, reading) as they were compared, such as without case; ``None`` without
            either.
        note: A further explanation, for people.
        size: (width, height) of the straightened word in pixels, if known.
    """

    image: str
    kind: Kind
    true: str | None
    read: str | None
    confidence: float | None
    outline: np.ndarray | None = None
    predicted: tuple[np.ndarray, ...] = ()
    compared: tuple[str, str] | None = None
    note: str = ""
    size: tuple[int, int] | None = None

    @property
    def is_true_word(self) -> bool:
        """Whether the ground truth has this word."""
        return self.kind != "false_alarm"

    @property
    def edits(self) -> int | None:
        """Edit distance of the true word and the reading, as they were compared."""
        return None if self.compared is None else edit_distance(*self.compared)

    def confusions(self) -> list[tuple[str, str]]:
        """Characters of a misread word that were taken for others, see :func:`align`."""
        if self.kind != "wrong" or self.compared is None:
            return []
        return [(true, read) for true, read in align(*self.compared) if true != read]

    @property
    def angle(self) -> float | None:
        """Degrees between the reading direction and the horizontal, 0 to 180 (upside down)."""
        outline = self.outline if self.outline is not None else next(iter(self.predicted), None)
        return None if outline is None else reading_angle(outline)


def reading_angle(polygon: np.ndarray) -> float:
    """Angle of a word to the horizontal, whichever way it is turned.

    Args:
        polygon: (N, 2), the first half being the top side in reading direction.

    Returns:
        Degrees from 0 (level) over 90 (up or down) to 180 (upside down).
    """
    points = np.asarray(polygon, np.float64)
    half = len(points) // 2
    along = points[half - 1] + points[half] - points[0] - points[-1]
    return abs(float(np.degrees(np.arctan2(along[1], along[0]))))


def scene_cases(predictions: Words, ground_truths: Words) -> list[WordCase]:
    """Every word of some photos, and every false alarm.

    Detections match as in :func:`spotter.evaluation.evaluate_detection` and readings as in
    :func:`spotter.evaluation.evaluate_end_to_end`, so that the kinds add up to the scores. If no
    detection has a text, found is correct; so it is for unlabelled words. Of the words that are not
    found, or not read:

    - *merged*: a detection covers more than half of this and of another true word;
    - *split*: two or more detections lie in it with more than half of their area;
    - *missed*: none of both, and not found; *wrong*: found.

    A detection that neither matches nor is part of a merged or split word is a *false alarm*.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: True words in the same form.

    Raises:
        AnnotationError: As of :func:`spotter.evaluation.matching.paired_images`.
    """
    photos = list(paired_images(predictions, ground_truths))
    reads = any(word.text is not None for _, predicted, _ in photos for word in predicted)
    return [
        case
        for image, predicted, true in photos
        for case in _Photo(str(image), predicted, true, reads).cases()
    ]


@dataclass
class _Photo:
    """The words of one photo and how they lie on each other."""

    image: str
    predicted: Sequence[TextInstance]
    true: Sequence[TextInstance]
    reads: bool
    overlaps: Overlaps = field(init=False)
    used: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.overlaps = pairwise_overlaps(
            [word.polygon for word in self.true], [word.polygon for word in self.predicted]
        )

    def cases(self) -> Iterator[WordCase]:
        cared = np.array([not word.ignore for word in self.true], dtype=bool)
        counted = ~ignored_detections(self.overlaps, ~cared)
        matches = dict(greedy_matches(self.overlaps.iou, cared, counted, _IOU))
        self.used = set(matches.values())
        play = cared[:, None] & counted[None, :]
        covers = (self.overlaps.first_share > _COVERED) & play
        inside = (self.overlaps.second_share > _COVERED) & play
        merging = covers.sum(axis=0) > 1
        for number in np.flatnonzero(cared).tolist():
            found = matches.get(number)
            if found is not None and self._is_right(number, found):
                yield self._case(number, "correct", [found])
                continue
            over: list[int] = np.flatnonzero(covers[number] & merging).tolist()
            over = [found] if found in over else over[:1]
            pieces = [
                d
                for d in np.flatnonzero(inside[number]).tolist()
                if d == found or d not in self.used
            ]
            if over:
                self.used.update(over)
                others = np.flatnonzero(covers[:, over[0]]).tolist()
                yield self._merged(number, over[0], [o for o in others if o != number])
            elif len(pieces) > 1:
                self.used.update(pieces)
                yield self._case(number, "split", self._in_order(number, pieces))
            elif found is not None:
                yield self._case(number, "wrong", [found])
            else:
                yield self._missed(number, play[number])
        for number in np.flatnonzero(counted).tolist():
            if number not in self.used:
                yield self._false_alarm(number, cared)

    def _is_right(self, truth: int, detection: int) -> bool:
        true = self.true[truth].text
        if true is None or not self.reads:
            return True
        return texts_match(true, self.predicted[detection].text or "")

    def _case(self, truth: int, kind: Kind, detections: Sequence[int], note: str = "") -> WordCase:
        words = [self.predicted[number] for number in detections]
        true, polygon = self.true[truth].text, self.true[truth].polygon
        texts = [word.text for word in words if word.text is not None]
        read = _PIECES.join(texts) if texts else None
        return WordCase(
            image=self.image,
            kind=kind,
            true=true,
            read=read,
            confidence=_mean([word.score for word in words]),
            outline=polygon,
            predicted=tuple(word.polygon for word in words),
            compared=(true.upper(), "".join(texts).upper()) if texts and true else None,
            note=note,
            size=native_size(polygon) if len(polygon) > 3 else None,
        )

    def _merged(self, truth: int, detection: int, others: Sequence[int]) -> WordCase:
        names = ", ".join(self.true[number].text or "an unlabelled word" for number in others)
        return self._case(truth, "merged", [detection], f"together with {names}")

    def _missed(self, truth: int, play: np.ndarray) -> WordCase:
        """A word without match; the detection that comes nearest to it is shown."""
        iou = np.where(play, self.overlaps.iou[truth], 0.0)
        case = self._case(truth, "missed", [])
        if not len(iou) or iou.max() <= 0:
            return case
        nearest = int(iou.argmax())
        text = self.predicted[nearest].text
        what = f"nearest detection{'' if text is None else f' “{text}”'}"
        return WordCase(
            **{
                **vars(case),
                "predicted": (self.predicted[nearest].polygon,),
                "note": f"{what}: IoU {iou[nearest]:.2f}",
            }
        )

    def _false_alarm(self, number: int, cared: np.ndarray) -> WordCase:
        word = self.predicted[number]
        iou = np.where(cared, self.overlaps.iou[:, number], 0.0)
        note = ""
        if len(iou) and iou.max() > 0:
            true = self.true[int(iou.argmax())]
            note = (
                f"lies on {f'“{true.text}”' if true.text else 'a true word'}: IoU {iou.max():.2f}"
            )
        return WordCase(
            image=self.image,
            kind="false_alarm",
            true=None,
            read=word.text,
            confidence=word.score,
            predicted=(word.polygon,),
            note=note,
            size=native_size(word.polygon) if len(word.polygon) > 3 else None,
        )

    def _in_order(self, truth: int, pieces: Sequence[int]) -> list[int]:
        """Pieces of a word in its reading direction."""
        outline = np.asarray(self.true[truth].polygon, np.float64)
        half = len(outline) // 2
        along = outline[half - 1] + outline[half] - outline[0] - outline[-1]
        return sorted(pieces, key=lambda d: float(self.predicted[d].polygon.mean(axis=0) @ along))


def word_cases(words: ScoredWords, rules: RecognitionRules | None = None) -> list[WordCase]:
    """Every labelled word crop: *correct*, *wrong*, or *missed* when nothing was read.

    Args:
        words: Readings and true words; those that do not count under the rules are left out.
        rules: How they are compared, by default 36 characters without case.
    """
    rules = rules or RecognitionRules()
    scores: Sequence[float | None] = words.confidences or [None] * len(words.names)
    cases = []
    for name, read, true, score in zip(
        words.names, words.predictions, words.truths, scores, strict=True
    ):
        tally = rules.tally(read or "", true, "")
        if tally is None:
            continue
        kind: Kind = "correct" if not tally.distance else "wrong" if read else "missed"
        confidence = score if read else None
        compared = (tally.true, tally.read)
        cases.append(WordCase(name, kind, true, read or None, confidence, compared=compared))
    return cases


def _mean(scores: Sequence[float]) -> float | None:
    return sum(scores) / len(scores) if scores else None
