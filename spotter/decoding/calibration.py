"""Scores that mean what they say: from what a network gives to the probability of being right.

A score s becomes sigmoid(logit(s) / temperature + bias): temperature scaling (Guo et al., ICML
2017) of a yes-or-no question, with the offset of Platt (1999). Readings may have a fit by kind of
word. Only numpy is imported, so that all of it serves the ONNX road.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spotter.errors import ConfigError

_LEAST = 1e-6
_FEW_OF_A_SIDE = 5
_STEPS = 100


WORD_KINDS = ("letters", "digits", "marks", "single")
"""Kinds of words that may be calibrated apart, see :func:`word_kind`."""


def word_kind(text: str) -> str:
    """Which of :data:`WORD_KINDS` a word is.

    ``single``: one character; ``digits``: a digit is among them; ``marks``: something that is no
    letter; ``letters``: all else, words with accents included.
    """
    if len(text) == 1:
        return "single"
    if any(character.isdigit() for character in text):
        return "digits"
    return "letters" if text.isalpha() else "marks"


@dataclass(frozen=True)
class ScoreCalibration:
    """Maps scores in [0, 1] to probabilities in (0, 1); never changes their order within a kind.

    Attributes:
        temperature: Above 1 for scores that are too sure of themselves, always positive.
        bias: Added to the logit.
        kinds: Calibrations of some of :data:`WORD_KINDS`, which stand in for this one; they have
            none themselves.
    """

    temperature: float = 1.0
    bias: float = 0.0
    kinds: Mapping[str, ScoreCalibration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and math.isfinite(self.temperature + self.bias)):
            raise ConfigError(
                f"calibration: temperature {self.temperature} must be positive and bias"
                f" {self.bias} a number"
            )
        unknown = sorted(set(self.kinds) - set(WORD_KINDS))
        if unknown or any(own.kinds for own in self.kinds.values()):
            raise ConfigError(
                f"calibration: kinds are {', '.join(WORD_KINDS)}, each with temperature and bias,"
                f" not {', '.join(unknown) or 'kinds of their own'}"
            )

    def __call__(self, score: float, text: str | None = None) -> float:
        """The probability that stands for a score.

        Args:
            score: In [0, 1].
            text: The reading that it belongs to; ``None``: of no kind.
        """
        own = self if text is None else self.kinds.get(word_kind(text), self)
        bounded = min(max(score, _LEAST), 1.0 - _LEAST)
        logit = math.log(bounded / (1.0 - bounded))
        return 1.0 / (1.0 + math.exp(-(logit / own.temperature + own.bias)))

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name; no ``kinds`` where there are none."""
        values: dict[str, Any] = {"temperature": self.temperature, "bias": self.bias}
        kinds = {kind: own.to_dict() for kind, own in self.kinds.items()}
        return {**values, "kinds": kinds} if kinds else values

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], origin: str) -> ScoreCalibration:
        """A calibration as it stands in a file.

        Raises:
            ConfigError: It has other keys, or values that are no numbers.
        """
        try:
            numbers = {key: float(value) for key, value in settings.items() if key != "kinds"}
            kinds = {
                kind: cls.from_settings(own, origin)
                for kind, own in settings.get("kinds", {}).items()
            }
            return cls(**numbers, kinds=kinds)
        except (AttributeError, TypeError, ValueError):
            raise ConfigError(
                f"{origin}: calibration is {{temperature, bias}}, perhaps with kinds, not"
                f" {settings!r}"
            ) from None


def fit_calibration(
    scores: Sequence[float] | np.ndarray, correct: Sequence[bool] | np.ndarray
) -> ScoreCalibration:
    """The calibration of the greatest likelihood: logistic regression on the logits of scores.

    Targets are drawn in by one answer on either side (Platt 1999), so that few answers, or answers
    that are all right, do not lead to certainty.

    Args:
        scores: (N,) in [0, 1].
        correct: (N,) whether each answer was right.

    Raises:
        ConfigError: No answers, sequences out of step, or scores that are no higher for right
            answers than for wrong ones.
    """
    given = np.asarray(scores, np.float64)
    right = np.asarray(correct, bool)
    if given.shape != right.shape or not len(given):
        raise ConfigError(f"calibration of {len(given)} scores and {len(right)} answers")
    bounded = np.clip(given, _LEAST, 1.0 - _LEAST)
    features = np.stack([np.log(bounded / (1.0 - bounded)), np.ones(len(given))], axis=1)
    positives, negatives = int(right.sum()), int((~right).sum())
    targets = np.where(right, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    weights = np.array([0.0, math.log((positives + 1.0) / (negatives + 1.0))])
    loss = _cross_entropy(features @ weights, targets)
    for _ in range(_STEPS):
        probabilities = 1.0 / (1.0 + np.exp(-(features @ weights)))
        gradient = features.T @ (probabilities - targets)
        curvature = (features.T * (probabilities * (1.0 - probabilities))) @ features
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        # Newton's step, halved until it helps.
        while (after := _cross_entropy(features @ (weights - step), targets)) > loss:
            step /= 2.0
            if np.abs(step).max() < 1e-9:
                break
        weights, loss = weights - step, after
        if np.abs(step).max() < 1e-9:
            break
    if weights[0] < 1e-3:
        raise ConfigError("calibration: right answers do not score higher than wrong ones")
    return ScoreCalibration(1.0 / float(weights[0]), float(weights[1]))


def fit_kinds(
    scores: Sequence[float] | np.ndarray,
    correct: Sequence[bool] | np.ndarray,
    texts: Sequence[str],
    min_count: int = 40,
    shrinkage: float = 40.0,
) -> ScoreCalibration:
    """The calibration of readings, with a fit of its own for every kind of which there are enough.

    Few answers say little: temperature (its inverse) and bias of a kind are the mean of its own fit
    and that of all answers, weighed by its answers and ``shrinkage``.

    Args:
        scores: (N,) in [0, 1].
        correct: (N,) whether each reading was right.
        texts: N readings.
        min_count: Kinds with fewer answers, or fewer than 5 right or wrong ones, get none.
        shrinkage: So many answers of all weigh in.

    Raises:
        ConfigError: As :func:`fit_calibration` on all answers; sequences out of step.
    """
    if len(texts) != len(scores):
        raise ConfigError(f"calibration of {len(scores)} scores and {len(texts)} texts")
    overall = fit_calibration(scores, correct)
    given, right = np.asarray(scores, np.float64), np.asarray(correct, bool)
    found = np.array([word_kind(text) for text in texts])
    kinds = {}
    for kind in WORD_KINDS:
        mine = found == kind
        count, positives = int(mine.sum()), int(right[mine].sum())
        if count < min_count or min(positives, count - positives) < _FEW_OF_A_SIDE:
            continue
        with suppress(ConfigError):
            own = fit_calibration(given[mine], right[mine])
            share = count / (count + shrinkage)
            slope = share / own.temperature + (1.0 - share) / overall.temperature
            bias = share * own.bias + (1.0 - share) * overall.bias
            kinds[kind] = ScoreCalibration(1.0 / slope, bias)
    return ScoreCalibration(overall.temperature, overall.bias, kinds)


def _cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    return float((np.logaddexp(0.0, logits) - targets * logits).sum())
