"""Calibration: from the score of a network to the probability that its answer is right.

A score s becomes sigmoid(logit(s) / temperature + bias): temperature scaling (Guo et al., ICML
2017) for a binary question, with the offset of Platt (1999). Readings may have one calibration per
kind of word.
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
    """The kind of a word, one of :data:`WORD_KINDS`.

    ``single``: one character. ``digits``: it has a digit. ``marks``: it has another character that
    is no letter. ``letters``: all other words, also those with accents.
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
        temperature: Divisor of the logit, positive; above 1 for overconfident scores.
        bias: Added to the logit.
        kinds: Calibrations for some of :data:`WORD_KINDS`, which replace this one for words of
            these kinds.
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
        """The calibrated probability of a score.

        Args:
            score: In [0, 1].
            text: The reading, which selects the kind; ``None``: no kind.
        """
        own = self if text is None else self.kinds.get(word_kind(text), self)
        bounded = min(max(score, _LEAST), 1.0 - _LEAST)
        logit = math.log(bounded / (1.0 - bounded))
        return 1.0 / (1.0 + math.exp(-(logit / own.temperature + own.bias)))

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name, without ``kinds`` if there are none."""
        values: dict[str, Any] = {"temperature": self.temperature, "bias": self.bias}
        kinds = {kind: own.to_dict() for kind, own in self.kinds.items()}
        return {**values, "kinds": kinds} if kinds else values

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], origin: str) -> ScoreCalibration:
        """Read a calibration from the values of a file.

        Raises:
            ConfigError: There are other keys, or values that are no numbers.
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
    """The maximum-likelihood calibration: logistic regression on the logits of scores.

    The targets are smoothed as by Platt (1999): instead of 1 and 0 they are (R + 1) / (R + 2) and
    1 / (W + 2) for R right and W wrong answers, so that few answers, or answers that are all right,
    do not give probabilities of 1.

    Args:
        scores: (N,) in [0, 1].
        correct: (N,) whether each answer was right.

    Raises:
        ConfigError: There are no answers, the lengths differ, or the scores are no higher for right
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
    """The calibration of readings, with a separate fit for each kind that is frequent enough.

    Fits to few answers are unreliable: inverse temperature and bias of a kind are the mean of its
    own fit, weighted by its number of answers, and of the fit to all, weighted by ``shrinkage``.

    Args:
        scores: (N,) in [0, 1].
        correct: (N,) whether each reading was right.
        texts: N readings.
        min_count: Kinds with fewer answers, or with fewer than 5 right or 5 wrong ones, have no fit
            of their own.
        shrinkage: Weight of the fit to all answers, as a number of answers.

    Raises:
        ConfigError: See :func:`fit_calibration`, on all answers; or the lengths differ.
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
