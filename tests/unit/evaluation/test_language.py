"""Scores of language models by hand."""

from __future__ import annotations

import math

import pytest

from spotter.evaluation import LanguageMetric
from spotter.structures import LanguageSample


def test_scores_by_hand() -> None:
    metric = LanguageMetric()
    metric.process(
        {},
        [
            LanguageSample(
                "cab",
                misspelt="cxb",
                log_probabilities=[math.log(0.5)] * 4,
                right=[True, True, False, True],
                restored=[False, True, True],
                corrected="cab",
            ),
            LanguageSample(
                "at",
                misspelt="zq",
                log_probabilities=[math.log(0.125)] * 2 + [0.0],
                right=[False, False, True],
                restored=[True, False],
                corrected="aq",
            ),
            LanguageSample("a", "a", [0.0, 0.0], [True, True], [True], "b"),
        ],
    )
    scores = metric.evaluate(3)
    assert scores["language/character_accuracy"] == pytest.approx(6 / 9)
    # 4 + 6 bits over 9 places.
    assert scores["language/perplexity"] == pytest.approx(2 ** (10 / 9))
    assert scores["language/correction_accuracy"] == pytest.approx(2 / 3)
    assert scores["language/misspelt_words"] == pytest.approx(2 / 3)
    assert scores["language/wrong_words"] == pytest.approx(2 / 3)
    assert scores["language/count"] == 3


def test_words_that_were_not_misspelt() -> None:
    metric = LanguageMetric()
    metric.process({}, [LanguageSample("a", None, [math.log(0.25), 0.0], [True, True])])
    scores = metric.evaluate(1)
    assert scores["language/perplexity"] == pytest.approx(2.0)
    assert "language/wrong_words" not in scores
