"""Scored answers of a preset: which are right, and how well scores predict that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from spotter.decoding.calibration import ScoreCalibration, fit_calibration, fit_kinds
from spotter.evaluation.calibration import Calibration, calibration
from spotter.evaluation.pairs import flatten_words, pair_words
from spotter.evaluation.protocols.end_to_end import texts_match
from spotter.structures import TextInstance

BINS = 10
"""Of the diagram and of the errors, with about as many answers each."""

#: Words by photo.
Words = Mapping[str, list[TextInstance]]


@dataclass(frozen=True)
class Answers:
    """Scored answers of one kind.

    Attributes:
        title: What it means to be right.
        scores: (N,) in [0, 1].
        correct: (N,) bool.
        groups: (N,) names of photos or words: answers of one are never in both halves.
        texts: N readings, where a calibration by kind of word is wanted.
    """

    title: str
    scores: np.ndarray
    correct: np.ndarray
    groups: np.ndarray
    texts: tuple[str, ...] = ()

    def fit(self, chosen: np.ndarray | None = None) -> ScoreCalibration:
        """The calibration of the answers, by kind of word where there are texts.

        Args:
            chosen: (N,) bool, those to fit on; ``None``: all.

        Raises:
            ConfigError: Right answers do not score higher than wrong ones.
        """
        own = np.ones(len(self.scores), bool) if chosen is None else chosen
        if not self.texts:
            return fit_calibration(self.scores[own], self.correct[own])
        texts = [text for text, mine in zip(self.texts, own, strict=True) if mine]
        return fit_kinds(self.scores[own], self.correct[own], texts)

    def in_halves(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Twice (N,) bool: answers to fit on, and the others; every second group is in a half."""
        numbers = np.unique(self.groups, return_inverse=True)[1]
        return [(numbers % 2 == half, numbers % 2 != half) for half in (0, 1)]

    def held_out(self) -> np.ndarray:
        """(N,) scores, each calibrated by the half that it is not in."""
        values: np.ndarray = np.zeros(len(self.scores))
        for own, others in self.in_halves():
            fitted = self.fit(own)
            texts = self.texts or (None,) * len(values)
            values[others] = [fitted(self.scores[i], texts[i]) for i in np.flatnonzero(others)]
        return values

    def measure(self, scores: np.ndarray) -> Calibration:
        """Calibration of the answers with these scores."""
        return calibration(scores, self.correct, BINS, equal_count=True)


def found_words(words: Words, truths: Words) -> tuple[Answers, Answers, Answers]:
    """Whether words that a spotter names are there, and whether those that are there are read.

    Detections on don't-care words are left out.

    Args:
        words: Per photo, with detection scores and texts.
        truths: The true words, by photo.

    Returns:
        By detection score whether a word is there; by recognition score whether one that is there
        is read right; by the score of both whether both holds.
    """
    flat = flatten_words(words, truths)
    pairs = pair_words(flat)
    counted = ~pairs.ignored_detections()
    there: np.ndarray = np.zeros(len(flat.detections), bool)
    read = there.copy()
    for pair in pairs.greedy_matches(counted, 0.5, flat.detection_scores).tolist():
        index = pairs.detection[pair]
        there[index] = True
        true = flat.truths[pairs.truth[pair]].text or ""
        read[index] = texts_match(true, flat.detections[index].text or "")
    combined = np.array([word.score for word in flat.detections])
    readings = np.array([word.recognition_score for word in flat.detections])
    found = counted & there & (readings > 0)
    groups = flat.detection_images
    return (
        Answers("a word is there", flat.detection_scores[counted], there[counted], groups[counted]),
        Answers(
            "a found word is read right",
            readings[found],
            read[found],
            groups[found],
            tuple(flat.detections[i].text or "" for i in np.flatnonzero(found)),
        ),
        Answers("found and read right", combined[counted], read[counted], groups[counted]),
    )


def calibrated_words(
    words: Words, detection: ScoreCalibration, recognition: ScoreCalibration
) -> Words:
    """Words with calibrated scores."""
    return {
        name: [
            replace(
                word,
                detection_score=detection(word.detection_score),
                recognition_score=recognition(word.recognition_score, word.text),
            )
            for word in found
        ]
        for name, found in words.items()
    }
