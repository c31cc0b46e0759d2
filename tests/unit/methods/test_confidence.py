"""Scores of whole words, by hand."""

from __future__ import annotations

import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods.semi_supervised.confidence import CONFIDENCES, word_confidence

SCORES = torch.tensor([[0.9, 0.5, 0.1], [0.8, 0.3, 0.2], [0.7, 0.6, 0.5]])
COUNTED = torch.tensor([[True, True, False], [True, False, False], [False, False, False]])


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        ("product", 0.45),
        ("mean", 0.7),
        ("min", 0.5),
        # Doubts 0.1 and 0.5: (0.1 * 0.9 + 0.5 * 0.5) / 0.6.
        ("weighted_sum", 0.34 / 0.6),
    ],
)
def test_each_rule(rule: str, first: float) -> None:
    expected = torch.tensor([first, 0.8, 0.0])
    torch.testing.assert_close(word_confidence(SCORES, COUNTED, rule), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("rule", CONFIDENCES)
def test_certain_words_score_one_and_the_rest_lies_between(rule: str) -> None:
    ones, everywhere = torch.ones(1, 5), torch.ones(1, 5, dtype=torch.bool)
    torch.testing.assert_close(word_confidence(ones, everywhere, rule), torch.ones(1))
    scores = torch.rand(50, 6, generator=torch.Generator().manual_seed(0))
    counted = torch.arange(6)[None] < torch.arange(1, 51)[:, None] % 6 + 1
    value = word_confidence(scores, counted, rule)
    least = scores.masked_fill(~counted, 1.0).amin(1)
    largest = scores.masked_fill(~counted, 0.0).amax(1)
    if rule == "product":
        least = least**6
    assert ((value >= least - 1e-6) & (value <= largest + 1e-6)).all()


def test_unknown_rules_are_named() -> None:
    with pytest.raises(ConfigError, match="'median' is none of product, geometric_mean, mean"):
        word_confidence(SCORES, COUNTED, "median")
