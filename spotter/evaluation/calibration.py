"""Calibration of confidences: expected calibration error and reliability bins.

Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning (AAAI 2015); Guo et
al., On Calibration of Modern Neural Networks (ICML 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from spotter.errors import ConfigError
from spotter.evaluation.matching import rate

#: Bins of Guo et al.
BINS = 15


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lies in (low, high], the first bin's in [low, high].

    Attributes:
        low: Lower end.
        high: Upper end.
        count: Number of answers.
        confidence: Their mean confidence, 0 without any.
        accuracy: Share of them that is right, 0 without any.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """How far confidences are from the share of right answers.

    Attributes:
        expected_error: Mean over all answers of the gap of their bin, |accuracy - confidence|.
        maximum_error: Largest gap of a bin.
        brier: Mean squared difference of confidence and rightness (0 or 1).
        bins: All bins, rising.
    """

    expected_error: float
    maximum_error: float
    brier: float
    bins: tuple[ReliabilityBin, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


def calibration(
    confidences: Sequence[float] | np.ndarray,
    correct: Sequence[bool] | np.ndarray,
    bins: int = BINS,
    equal_count: bool = False,
) -> Calibration:
    """Calibration of answers that claim a probability of being right.

    Args:
        confidences: (N,) in [0, 1].
        correct: (N,) whether each answer is right.
        bins: Number of bins.
        equal_count: Bins that hold (nearly) the same number of answers, instead of bins of the same
            width.

    Raises:
        ConfigError: No bins, sequences out of step, or a confidence outside [0, 1].
    """
    scores = np.asarray(confidences, dtype=np.float64)
    right = np.asarray(correct, dtype=np.float64)
    if bins < 1 or scores.shape != right.shape:
        raise ConfigError(f"{bins} bins of {len(scores)} confidences and {len(right)} answers.")
    if len(scores) and not (scores.min() >= 0 and scores.max() <= 1):
        raise ConfigError("Confidences must be in [0, 1].")
    edges = np.linspace(0.0, 1.0, bins + 1)
    if equal_count and len(scores):
        edges[1:-1] = np.quantile(scores, edges[1:-1])
    member = np.clip(np.searchsorted(edges, scores, side="left") - 1, 0, bins - 1)
    counts = np.bincount(member, minlength=bins)
    confidence = np.bincount(member, scores, bins) / np.maximum(counts, 1)
    accuracy = np.bincount(member, right, bins) / np.maximum(counts, 1)
    columns = (edges[:-1], edges[1:], counts, confidence, accuracy)
    groups = tuple(ReliabilityBin(*row) for row in zip(*(c.tolist() for c in columns), strict=True))
    gaps = [abs(group.accuracy - group.confidence) for group in groups]
    weighted = sum(gap * group.count for gap, group in zip(gaps, groups, strict=True))
    return Calibration(
        expected_error=rate(weighted, len(scores)),
        maximum_error=max(gaps),
        brier=rate(float(((scores - right) ** 2).sum()), len(scores)),
        bins=groups,
    )
