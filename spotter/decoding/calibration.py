"""Scores that mean what they say: from what a network gives to the probability of being right.

A score s becomes sigmoid(logit(s) / temperature + bias): temperature scaling (Guo et al., ICML
2017) of a yes-or-no question, with the offset of Platt (1999). Only numpy is imported, so that all
of it serves the ONNX road.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from spotter.errors import ConfigError

_LEAST = 1e-6
_STEPS = 100


@dataclass(frozen=True)
class ScoreCalibration:
    """Maps scores in [0, 1] to probabilities in (0, 1); never changes their order.

    Attributes:
        temperature: Above 1 for scores that are too sure of themselves, always positive.
        bias: Added to the logit.
    """

    temperature: float = 1.0
    bias: float = 0.0

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and math.isfinite(self.temperature + self.bias)):
            raise ConfigError(
                f"calibration: temperature {self.temperature} must be positive and bias"
                f" {self.bias} a number"
            )

    def __call__(self, score: float) -> float:
        """The probability that stands for a score."""
        bounded = min(max(score, _LEAST), 1.0 - _LEAST)
        logit = math.log(bounded / (1.0 - bounded))
        return 1.0 / (1.0 + math.exp(-(logit / self.temperature + self.bias)))

    def to_dict(self) -> dict[str, float]:
        """The attributes by name."""
        return asdict(self)


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


def _cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    return float((np.logaddexp(0.0, logits) - targets * logits).sum())
