"""End-to-end spotting: a word counts when it is found and read (ICDAR 2015, Total-Text).

The protocol of the ICDAR 2015 Robust Reading Competition, task 4, with the use of lexicons that
published spotters share (the AdelaiDet evaluation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from mmengine.evaluator import BaseMetric

from spotter.errors import ConfigError
from spotter.evaluation.matching import (
    Words,
    greedy_matches,
    harmonic_mean,
    ignored_detections,
    paired_images,
    photo_ground_truth,
    rate,
)
from spotter.geometry import pairwise_overlaps
from spotter.lexicon import Lexicon
from spotter.registry import METRICS
from spotter.structures import TextDetSample, TextInstance

Mode: TypeAlias = Literal["end_to_end", "word_spotting"]
#: One lexicon for all images (weak, generic, full) or one each, in step or by name (strong).
Lexicons: TypeAlias = "Lexicon | Sequence[Lexicon] | Mapping[str, Lexicon]"

_SYMBOLS = "!?.:,*\"()·[]/'"
_MIN_WORD_LENGTH = 3
_NOT_LETTERS = "×÷·"
_LETTER_RANGES = (("a", "z"), ("A", "Z"), ("À", "ƿ"), ("Ǆ", "ɿ"), ("Ά", "Ͽ"), ("-", "-"))


@dataclass(frozen=True)
class EndToEndScores:
    """Scores over a set of images.

    Attributes:
        precision: correct / detections.
        recall: correct / ground_truths.
        hmean: Harmonic mean of the two.
        correct: Words found and read.
        matched: Words found, however read.
        detections: Number of detections that count.
        ground_truths: Number of true words that count.
        images: Number of images.
    """

    precision: float
    recall: float
    hmean: float
    correct: int
    matched: int
    detections: int
    ground_truths: int
    images: int

    def to_dict(self) -> dict[str, float]:
        """The attributes by name."""
        return asdict(self)


@dataclass(frozen=True)
class _ImageTally:
    correct: int
    matched: int
    detections: int
    ground_truths: int


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
    words: Sequence[TextInstance], lexicon: Lexicon, distance_limit: float = 1.5
) -> list[TextInstance]:
    """Replace each reading by the nearest word of a lexicon, and drop those that have none near.

    Args:
        words: Readings; those without text are dropped.
        lexicon: Word list; case is ignored.
        distance_limit: Readings at this Levenshtein distance or further are dropped.

    Returns:
        The remaining instances with the lexicon's words as text.
    """
    kept = []
    for word in words:
        nearest, distance = lexicon.nearest(word.text or "", max_distance=distance_limit)
        if nearest is not None and distance < distance_limit:
            kept.append(replace(word, text=nearest))
    return kept


@dataclass(frozen=True)
class _Protocol:
    mode: Mode
    iou_threshold: float
    ignore_threshold: float
    min_score: float
    distance_limit: float

    def __post_init__(self) -> None:
        if self.mode not in ("end_to_end", "word_spotting"):
            raise ConfigError(f"mode must be end_to_end or word_spotting, got {self.mode!r}.")

    def _truth(self, word: TextInstance) -> str | None:
        """Text to find, ``None`` for don't-care; words without a label cannot be judged."""
        if word.ignore or not word.text:
            return None
        return spotting_word(word.text) if self.mode == "word_spotting" else word.text

    def _is_correct(self, true: str, read: str) -> bool:
        if self.mode == "word_spotting":
            return true.upper() == read.upper()
        return texts_match(true, read)

    def tally(
        self,
        predicted: Sequence[TextInstance],
        true: Sequence[TextInstance],
        lexicon: Lexicon | None,
    ) -> _ImageTally:
        predicted = [word for word in predicted if word.score >= self.min_score]
        if lexicon is not None:
            predicted = apply_lexicon(predicted, lexicon, self.distance_limit)
        truths = [self._truth(word) for word in true]
        cared = np.array([text is not None for text in truths], dtype=bool)
        overlaps = pairwise_overlaps([w.polygon for w in true], [w.polygon for w in predicted])
        counted = ~ignored_detections(overlaps, ~cared, self.ignore_threshold)
        pairs = greedy_matches(overlaps.iou, cared, counted, self.iou_threshold)
        correct = [self._is_correct(truths[t] or "", predicted[d].text or "") for t, d in pairs]
        return _ImageTally(sum(correct), len(pairs), int(counted.sum()), int(cared.sum()))


def _summarise(tallies: Sequence[_ImageTally]) -> EndToEndScores:
    correct = sum(tally.correct for tally in tallies)
    detections = sum(tally.detections for tally in tallies)
    truths = sum(tally.ground_truths for tally in tallies)
    precision, recall = rate(correct, detections), rate(correct, truths)
    return EndToEndScores(
        precision=precision,
        recall=recall,
        hmean=harmonic_mean(precision, recall),
        correct=correct,
        matched=sum(tally.matched for tally in tallies),
        detections=detections,
        ground_truths=truths,
        images=len(tallies),
    )


def _lexicon_of(lexicons: Lexicons | None, image: str | int) -> Lexicon | None:
    if lexicons is None or isinstance(lexicons, Lexicon):
        return lexicons
    try:
        return lexicons[image]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        raise ConfigError(f"There is no lexicon for image {image!r}.") from None


def evaluate_end_to_end(
    predictions: Words,
    ground_truths: Words,
    lexicons: Lexicons | None = None,
    mode: Mode = "end_to_end",
    iou_threshold: float = 0.5,
    ignore_threshold: float = 0.5,
    min_score: float = 0.0,
    distance_limit: float = 1.5,
) -> EndToEndScores:
    """End-to-end scores.

    Matching and don't-care rule are those of :func:`evaluate_detection`. A matched pair takes its
    word out of the play whether it is read correctly or not. Case is ignored.

    Args:
        predictions: Words per image, in step with the ground truth or by image name.
        ground_truths: Likewise; words that are ignored or without text are don't-care.
        lexicons: ``None``, one for all images, or one per image in step or by name. Readings become
            the nearest word, or the whole detection is dropped, see :func:`apply_lexicon`.
        mode: ``"end_to_end"`` compares by :func:`texts_match`; ``"word_spotting"`` looks only for
            words of :func:`spotting_word`, the others are don't-care.
        iou_threshold: IoU that a match must exceed.
        ignore_threshold: Area share of the don't-care rule.
        min_score: Words whose ``score`` is below it are dropped; to be fixed before the test set is
            seen.
        distance_limit: See :func:`apply_lexicon`.

    Returns:
        Scores over all images together.

    Raises:
        AnnotationError: Malformed words, or the two sides do not cover the same images.
        ConfigError: Unknown mode, or an image without lexicon.
    """
    protocol = _Protocol(mode, iou_threshold, ignore_threshold, min_score, distance_limit)
    return _summarise(
        [
            protocol.tally(predicted, true, _lexicon_of(lexicons, image))
            for image, predicted, true in paired_images(predictions, ground_truths)
        ]
    )


@METRICS.register_module()
class EndToEndScore(BaseMetric):
    """:func:`evaluate_end_to_end` as a metric of mmengine's loops.

    Args:
        mode: ``"end_to_end"`` or ``"word_spotting"``.
        lexicon: File with a lexicon for all images; with ``{stem}`` in its path one file per image
            (``voc_{stem}.txt`` for ICDAR 2015's strong lexicons); ``None`` for none.
        lexicon_pairs: The file is an ICDAR pair list, see :meth:`Lexicon.from_file`.
        iou_threshold: IoU that a match must exceed.
        ignore_threshold: Area share of the don't-care rule.
        min_score: Words below it are dropped; fixed beforehand, never swept on the test data.
        collect_device: Where ranks exchange results, ``"cpu"`` or ``"gpu"``.
        prefix: Prefix of the names in the log, the mode by default.
    """

    def __init__(
        self,
        mode: Mode = "end_to_end",
        lexicon: str | None = None,
        lexicon_pairs: bool = False,
        iou_threshold: float = 0.5,
        ignore_threshold: float = 0.5,
        min_score: float = 0.0,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix or mode)
        self.protocol = _Protocol(mode, iou_threshold, ignore_threshold, min_score, 1.5)
        self.lexicon_path, self.lexicon_pairs = lexicon, lexicon_pairs
        self.lexicon: Lexicon | None = None
        if lexicon and "{stem}" not in lexicon:
            self.lexicon = Lexicon.from_file(lexicon, lexicon_pairs)

    def _lexicon_for(self, sample: TextDetSample) -> Lexicon | None:
        if self.lexicon is not None or not self.lexicon_path:
            return self.lexicon
        path = self.lexicon_path.replace("{stem}", Path(sample.img_path or "").stem)
        return Lexicon.from_file(path, self.lexicon_pairs)

    def process(self, data_batch: Any, data_samples: Sequence[TextDetSample]) -> None:
        """Count one batch.

        Args:
            data_batch: Not used.
            data_samples: Samples whose predictions carry text and lie in pixels of the photo, with
                ground truth in pixels of the network's input.
        """
        for sample in data_samples:
            true = photo_ground_truth(sample)
            lexicon = self._lexicon_for(sample)
            self.results.append(self.protocol.tally(sample.predictions, true, lexicon))

    def compute_metrics(self, results: list[_ImageTally]) -> dict[str, float]:
        """Scores of all batches and ranks, see :class:`EndToEndScores`."""
        return _summarise(results).to_dict()
