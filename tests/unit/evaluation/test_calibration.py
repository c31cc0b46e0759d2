from __future__ import annotations

import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.evaluation.calibration import calibration


def test_two_bins_by_hand():
    # (0, 0.5]: 0.2 and 0.5, one right; (0.5, 1]: 0.9, right, and 0.7, wrong.
    result = calibration([0.2, 0.5, 0.9, 0.7], [False, True, True, False], bins=2)
    low, high = result.bins
    assert (low.low, low.high, low.count, low.accuracy) == (0.0, 0.5, 2, 0.5)
    assert low.confidence == pytest.approx(0.35)
    assert high.confidence == pytest.approx(0.8)
    assert result.expected_error == pytest.approx(0.5 * 0.15 + 0.5 * 0.3)
    assert result.maximum_error == pytest.approx(0.3)
    assert result.brier == pytest.approx((0.04 + 0.25 + 0.01 + 0.49) / 4)


def test_perfect_and_hopeless():
    assert calibration([1.0, 0.0], [True, False]).expected_error == 0.0
    assert calibration([0.0, 1.0], [True, False]).expected_error == 1.0
    assert calibration([], []).expected_error == 0.0


def test_honest_confidences_have_little_error():
    generator = np.random.default_rng(0)
    scores = generator.random(50_000)
    correct = generator.random(50_000) < scores
    assert calibration(scores, correct).expected_error < 0.01
    assert calibration(scores**3, correct).expected_error > 0.2


def test_bins_of_equal_count():
    scores = np.array([0.9, 0.91, 0.92, 0.99])
    result = calibration(scores, [True] * 4, bins=2, equal_count=True)
    assert [group.count for group in result.bins] == [2, 2]
    assert result.expected_error == pytest.approx(1 - scores.mean())


def test_bad_input():
    with pytest.raises(ConfigError, match=r"\[0, 1\]"):
        calibration([1.2], [True])
    with pytest.raises(ConfigError, match=r"\[0, 1\]"):
        calibration([float("nan")], [True])
    with pytest.raises(ConfigError):
        calibration([0.5], [True, False])
    with pytest.raises(ConfigError):
        calibration([0.5], [True], bins=0)
