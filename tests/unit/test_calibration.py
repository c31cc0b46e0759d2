"""Scores become probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spotter.decoding.calibration import ScoreCalibration, fit_calibration, fit_kinds, word_kind
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
    "settings", [{"temperature": -1}, {"heat": 2}, {"bias": "much"}, [2.0], {"bias": math.inf}]
)
def test_faulty_settings(settings: object) -> None:
    with pytest.raises(ConfigError, match="calibration"):
        ScoreCalibration.from_settings(settings, "preset.json")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Z\u00fcrich", "letters"),
        ("027-88852022", "digits"),
        ("B2", "digits"),
        ("WE'RE", "marks"),
        ("Tax:", "marks"),
        ("7", "single"),
        ("-", "single"),
        ("A", "single"),
    ],
)
def test_kinds_of_words(text: str, kind: str) -> None:
    assert word_kind(text) == kind


def test_a_kind_has_a_map_of_its_own() -> None:
    digits = ScoreCalibration(1.0, math.log(4))
    mixed = ScoreCalibration(1.0, -math.log(4), {"digits": digits})
    assert mixed(0.5, "1.80") == pytest.approx(0.8)
    assert mixed(0.5, "one") == pytest.approx(0.2)
    assert mixed(0.5) == pytest.approx(0.2)
    assert ScoreCalibration.from_settings(mixed.to_dict(), "preset.json") == mixed
    assert "kinds" not in digits.to_dict()


def test_kinds_are_fitted_where_there_are_enough() -> None:
    rng = np.random.default_rng(1)
    scores = rng.uniform(0.02, 0.98, 8000)
    texts = ["1.80" if i % 2 else "word" for i in range(8000)]
    true = {"1.80": ScoreCalibration(0.8, 1.5), "word": ScoreCalibration(2.0, -0.5)}
    correct = rng.uniform(size=8000) < [true[t](s) for s, t in zip(scores, texts, strict=True)]
    texts[0] = "a"
    fitted = fit_kinds(scores, correct, texts)
    assert set(fitted.kinds) == {"letters", "digits"}
    assert fitted.kinds["digits"].bias == pytest.approx(1.5, abs=0.2)
    assert fitted.kinds["letters"].temperature == pytest.approx(2.0, rel=0.15)
    plain = fit_calibration(scores, correct)
    assert (fitted.temperature, fitted.bias) == (plain.temperature, plain.bias)
    # As many answers of all as there are of the kind: halfway between the two fits.
    half = fit_kinds(scores, correct, texts, shrinkage=4000.0).kinds["digits"]
    alone = fit_kinds(scores, correct, texts, shrinkage=0.0).kinds["digits"]
    assert half.bias == pytest.approx((alone.bias + plain.bias) / 2)
    slopes = [1 / c.temperature for c in (alone, plain)]
    assert 1 / half.temperature == pytest.approx(sum(slopes) / 2)
    with pytest.raises(ConfigError, match="2 scores and 1 texts"):
        fit_kinds([0.2, 0.8], [False, True], ["a"])


@pytest.mark.parametrize(
    "kinds", [3, {"verbs": {}}, {"marks": {"heat": 2}}, {"marks": {"kinds": {"marks": {}}}}]
)
def test_faulty_kinds(kinds: object) -> None:
    with pytest.raises(ConfigError, match="calibration"):
        ScoreCalibration.from_settings({"kinds": kinds}, "preset.json")
