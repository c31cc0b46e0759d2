"""Scores become probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spotter.decoding.calibration import ScoreCalibration, fit_calibration
from spotter.errors import ConfigError
from spotter.evaluation.calibration import calibration


def test_the_map() -> None:
    assert ScoreCalibration()(0.3) == pytest.approx(0.3)
    # logit 0.8 is log 4; half of it is log 2; with log 3 it is log 6.
    assert ScoreCalibration(2.0, math.log(3))(0.8) == pytest.approx(6 / 7)
    harsh = ScoreCalibration(0.5, -2.0)
    values = [harsh(score) for score in np.linspace(0, 1, 50)]
    assert values == sorted(values)
    assert values[0] > 0
    assert values[-1] < 1


def test_the_fit_finds_what_the_answers_were_drawn_with() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.02, 0.98, 20000)
    true = ScoreCalibration(2.5, 0.7)
    correct = rng.uniform(size=len(scores)) < [true(score) for score in scores]
    fitted = fit_calibration(scores, correct)
    assert fitted.temperature == pytest.approx(2.5, rel=0.05)
    assert fitted.bias == pytest.approx(0.7, abs=0.05)
    before = calibration(scores, correct).expected_error
    after = calibration([fitted(score) for score in scores], correct).expected_error
    assert after < 0.02 < 0.1 < before


def test_the_fit_is_where_the_likelihood_has_its_peak() -> None:
    scores, correct = [0.1, 0.3, 0.5, 0.6, 0.9, 0.95], [False, False, True, False, True, True]
    targets = [0.8 if right else 0.2 for right in correct]  # (3 + 1) / (3 + 2) and 1 / (3 + 2)

    def loss(temperature: float, bias: float) -> float:
        found = [ScoreCalibration(temperature, bias)(score) for score in scores]
        return -sum(
            t * math.log(p) + (1 - t) * math.log(1 - p) for p, t in zip(found, targets, strict=True)
        )

    best = fit_calibration(scores, correct)
    least = loss(best.temperature, best.bias)
    for factor, shift in ((1.01, 0), (0.99, 0), (1, 0.01), (1, -0.01)):
        assert loss(best.temperature * factor, best.bias + shift) > least


def test_extremes_stay_finite() -> None:
    all_right = fit_calibration([0.0, 0.4, 0.9, 1.0] * 5 + [0.0], [True] * 20 + [False])
    assert 0 < all_right(0.0) < all_right(1.0) < 1


@pytest.mark.parametrize(
    ("scores", "correct", "message"),
    [
        ([], [], "0 scores"),
        ([0.5], [True, False], "1 scores and 2 answers"),
        ([0.1, 0.2, 0.8, 0.9], [True, True, False, False], "do not score higher"),
    ],
)
def test_unfit_answers(scores: list[float], correct: list[bool], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit_calibration(scores, correct)


@pytest.mark.parametrize(
    "settings", [{"temperature": -1.0}, {"temperature": 0.0}, {"bias": math.inf}]
)
def test_faulty_settings(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="calibration"):
        ScoreCalibration(**settings)
