"""Confidence of a word from the probabilities of its characters."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from spotter.errors import ConfigError


def product_confidence(scores: Tensor, counted: Tensor) -> Tensor:
    """Product of the characters' probabilities: the probability of the greedy reading."""
    return scores.clamp(min=1e-12).log().masked_fill(~counted, 0.0).sum(1).exp()


def geometric_mean_confidence(scores: Tensor, counted: Tensor) -> Tensor:
    """The product's n-th root: a threshold on it is one on a typical character, however long."""
    logs = scores.clamp(min=1e-12).log().masked_fill(~counted, 0.0).sum(1)
    return (logs / counted.sum(1).clamp(min=1)).exp()


def mean_confidence(scores: Tensor, counted: Tensor) -> Tensor:
    """Arithmetic mean: long words are not at a disadvantage."""
    return scores.masked_fill(~counted, 0.0).sum(1) / counted.sum(1).clamp(min=1)


def min_confidence(scores: Tensor, counted: Tensor) -> Tensor:
    """The least sure character."""
    return scores.masked_fill(~counted, 1.0).amin(1)


def weighted_sum_confidence(scores: Tensor, counted: Tensor) -> Tensor:
    """Σ w p with weights in proportion to each character's doubt 1 - p, which sum to one.

    Between the least sure character and the mean. Summaries of Zheng et al. speak of a weighted sum
    without giving the weights; these are ours.
    """
    weights = (1.0 - scores + 1e-6).masked_fill(~counted, 0.0)
    return (weights * scores).sum(1) / weights.sum(1).clamp(min=1e-12)


CONFIDENCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "product": product_confidence,
    "geometric_mean": geometric_mean_confidence,
    "mean": mean_confidence,
    "min": min_confidence,
    "weighted_sum": weighted_sum_confidence,
}


def word_confidence(scores: Tensor, counted: Tensor, rule: str = "product") -> Tensor:
    """Confidence of N readings.

    Args:
        scores: (N, S) probabilities.
        counted: (N, S) bool, which of them exist; a reading without any has confidence 0.
        rule: ``"product"``, ``"geometric_mean"``, ``"mean"``, ``"min"`` or ``"weighted_sum"``.

    Returns:
        (N,) in [0, 1].
    """
    confidence = CONFIDENCES[check_rule(rule)](scores.float(), counted)
    return torch.where(counted.any(1), confidence, torch.zeros_like(confidence))


def check_rule(rule: str) -> str:
    """The rule, if there is one of that name.

    Raises:
        ConfigError: There is none.
    """
    if rule not in CONFIDENCES:
        raise ConfigError(f"confidence {rule!r} is none of {', '.join(CONFIDENCES)}")
    return rule
