"""End-to-end spotting: a word counts when it is found and read (ICDAR 2015, Total-Text).

The protocol of the ICDAR 2015 Robust Reading Competition, task 4, with the use of lexicons that
published spotters share (the AdelaiDet evaluation).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np

from spotter.decoding.lexicon import Lexicon, edit_distance
from spotter.decoding.lexicon.distances import Costs
from spotter.errors import ConfigError
from spotter.evaluation.lexicons import Lexicons, lexicon_of
from spotter.evaluation.matching import (
    FlatScores,
    Words,
    harmonic_mean,
    paired_images,
    rate,
)
from spotter.evaluation.pairs import FlatWords, pair_words
from spotter.structures import TextInstance

Mode: TypeAlias = Literal["end_to_end", "word_spotting", "exact"]

_SYMBOLS = "!?.:,*\"()·[]/'"
_MIN_WORD_LENGTH = 3
_NOT_LETTERS = "×÷·"
_LETTER_RANGES = (("a", "z"), ("A", "Z"), ("À", "ƿ"), ("Ǆ", "ɿ"), ("Ά", "Ͽ"), ("-", "-"))


@dataclass(frozen=True)
class EndToEndScores(FlatScores):
    """Scores over a set of images.

    Attributes:
        precision: correct / detections.
        recall: correct / ground_truths.
        hmean: Harmonic mean of the two.
        correct: Words found and read.
        matched: Words found, however read.
        matched_one_minus_ned: Mean over the matched pairs of 1 - ED / max(length of the true word,
            length of the reading), case aside.
        one_minus_ned: The same sum over all matched pairs, words that are missed and detections
            that match nothing, of which the latter two count 0 (ICDAR 2019 ArT and LSVT).
        detections: Number of detections that count.
        ground_truths: Number of true words that count.
        images: Number of images.
    """

    precision: float
    recall: float
    hmean: float
    correct: int
    matched: int
    matched_one_minus_ned: float
    one_minus_ned: float
    detections: int
    ground_truths: int
    images: int


def texts_match(true: str, read: str) -> bool:
    """Whether a reading counts as correct in end-to-end mode, case aside.

    The reading may leave out one symbol at the start and one at the end of the true word, of
    ``! ? . : , * " ( ) · [ ] / '``.

    Args:
        true: The true word, not empty.
        read: The reading.

    Returns:
        Whether they match.
    """
    true, read = true.upper(), read.upper()
    starts = {0, 1} if true[:1] and true[0] in _SYMBOLS else {0}
    ends = {0, 1} if true[:1] and true[-1] in _SYMBOLS else {0}
    return any(true[start : len(true) - end] == read for start in starts for end in ends)


def spotting_word(text: str) -> str | None:
    """The word that word spotting looks for, or ``None`` where it looks for none.

    A final 's and outer hyphens and symbols are stripped; words of fewer than three characters, or
    with digits, symbols or spaces inside, are not looked for.

    Args:
        text: The true transcription.

    Returns:
        The stripped word, or ``None``: don't-care.
    """
    if text[-2:].lower() == "'s":
        text = text[:-2]
    text = text.strip("-")
    for symbol in _SYMBOLS:
        text = text.replace(symbol, " ")
    text = text.strip()
    if len(text) < _MIN_WORD_LENGTH:
        return None
    for character in text:
        if character in _NOT_LETTERS:
            return None
        if not any(low <= character <= high for low, high in _LETTER_RANGES):
            return None
    return text


def apply_lexicon(
    words: Sequence[TextInstance],
    lexicon: Lexicon,
    distance_limit: float = 1.5,
    costs: Costs | None = None,
) -> list[TextInstance]:
    """Replace each reading by the nearest word of a lexicon, and drop those that have none near.

    Args:
        words: Readings; those without text are dropped.
        lexicon: Word list; case is ignored.
        distance_limit: Readings at this edit distance or further are dropped.
        costs: Cheap substitutions for a weighted distance, see :meth:`Lexicon.nearest`; ``None``
            is the Levenshtein distance of the published protocols.

    Returns:
        The remaining instances with the lexicon's words as text.
    """
    kept = []
    for word in words:
        if not word.text:
            continue
        nearest, distance = lexicon.nearest(word.text, max_distance=distance_limit, costs=costs)
        if nearest is not None and distance < distance_limit:
            kept.append(replace(word, text=nearest))
    return kept


@dataclass(frozen=True)
class _Photo:
    """Words of one photo, ready to be compared: don't-care words are ignored, the others cut."""

    predictions: list[TextInstance]
    truths: list[TextInstance]


@dataclass(frozen=True)
class _Protocol:
    mode: Mode
    iou_threshold: float
    ignore_threshold: float
    min_score: float
    distance_limit: float
    costs: Costs | None

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            known = ", ".join(get_args(Mode))
            raise ConfigError(f"mode must be one of {known}, got {self.mode!r}.")

    def _truth(self, word: TextInstance) -> TextInstance:
        """The text to find; words without a label are don't-care."""
        text = None if word.ignore or not word.text else word.text
        if text is not None and self.mode == "word_spotting":
            text = spotting_word(text)
        return replace(word, text=text, ignore=text is None)

    def _is_correct(self, true: str, read: str) -> bool:
        if self.mode == "word_spotting":
            return true.upper() == read.upper()
        if self.mode == "exact":
            return unicodedata.normalize("NFC", true) == unicodedata.normalize("NFC", read)
        return texts_match(true, read)

    def prepare(
        self,
        predicted: Sequence[TextInstance],
        true: Sequence[TextInstance],
        lexicon: Lexicon | None,
    ) -> _Photo:
        predicted = [word for word in predicted if word.score >= self.min_score]
        if lexicon is not None:
            predicted = apply_lexicon(predicted, lexicon, self.distance_limit, self.costs)
        return _Photo(list(predicted), [self._truth(word) for word in true])

    def score(self, photos: Sequence[_Photo]) -> EndToEndScores:
        words = _flatten(photos)
        pairs = pair_words(words)
        counted = ~pairs.ignored_detections(self.ignore_threshold)
        correct, similarity = 0, 0.0
        matches = pairs.greedy_matches(counted, self.iou_threshold).tolist()
        for pair in matches:
            true = words.truths[pairs.truth[pair]].text or ""
            read = words.detections[pairs.detection[pair]].text or ""
            correct += self._is_correct(true, read)
            similarity += _similarity(true.upper(), read.upper())
        truths, detections = int(words.cared.sum()), int(counted.sum())
        precision, recall = rate(correct, detections), rate(correct, truths)
        return EndToEndScores(
            precision=precision,
            recall=recall,
            hmean=harmonic_mean(precision, recall),
            correct=correct,
            matched=len(matches),
            matched_one_minus_ned=rate(similarity, len(matches)),
            one_minus_ned=rate(similarity, truths + detections - len(matches)),
            detections=detections,
            ground_truths=truths,
            images=words.images,
        )


def _similarity(true: str, read: str) -> float:
    return 1.0 - rate(edit_distance(true, read), max(len(true), len(read)))


def _flatten(photos: Sequence[_Photo]) -> FlatWords:
    images = np.arange(len(photos))
    truths = [photo.truths for photo in photos]
    detections = [photo.predictions for photo in photos]
    return FlatWords(
        images=len(photos),
        truths=[word for words in truths for word in words],
        detections=[word for words in detections for word in words],
        truth_images=np.repeat(images, [len(words) for words in truths]),
        detection_images=np.repeat(images, [len(words) for words in detections]),
    )


def evaluate_end_to_end(
    predictions: Words,
    ground_truths: Words,
    lexicons: Lexicons | None = None,
    mode: Mode = "end_to_end",
    iou_threshold: float = 0.5,
    ignore_threshold: float = 0.5,
    min_score: float = 0.0,
    distance_limit: float = 1.5,
    costs: Costs | None = None,
) -> EndToEndScores:
    """End-to-end scores.

    Matching and don't-care rule are those of :func:`evaluate_detection`. A matched word is not
    matched again, whether it is read correctly or not. Case is ignored unless ``mode`` is
    ``"exact"``.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: The same; words that are ignored or without text are don't-care.
        lexicons: ``None``, one for all images, or one per image in step or by name. Readings become
            the nearest word, or the whole detection is dropped, see :func:`apply_lexicon`.
        mode: ``"end_to_end"`` compares by :func:`texts_match`; ``"word_spotting"`` looks only for
            words of :func:`spotting_word`, the others are don't-care; ``"exact"`` wants every
            character as it is labelled, case and marks included.
        iou_threshold: IoU that a match must exceed.
        ignore_threshold: Area share of the don't-care rule.
        min_score: Words whose ``score`` is below it are dropped; to be fixed before the test set is
            seen.
        distance_limit: See :func:`apply_lexicon`.
        costs: See :func:`apply_lexicon`.

    Returns:
        Scores over all images together.

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
        ConfigError: Unknown mode, or an image without lexicon.
    """
    protocol = _Protocol(mode, iou_threshold, ignore_threshold, min_score, distance_limit, costs)
    return protocol.score(
        [
            protocol.prepare(predicted, true, lexicon_of(lexicons, image))
            for image, predicted, true in paired_images(predictions, ground_truths)
        ]
    )
