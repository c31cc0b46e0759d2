from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.matching import average_precision, greedy_matches, harmonic_mean, rate


def test_greedy_order_and_masks():
    iou = np.array([[0.6, 0.9, 0.0], [0.7, 0.8, 0.5]])
    everything = np.ones(3, dtype=bool)
    # Word 0 takes detection 0, the first above the threshold, not the best.
    assert greedy_matches(iou, everything[:2], everything) == [(0, 0), (1, 1)]
    assert greedy_matches(iou, np.array([False, True]), everything) == [(1, 0)]
    assert greedy_matches(iou, everything[:2], np.array([False, True, True])) == [(0, 1)]
    assert greedy_matches(np.zeros((0, 3)), everything[:0], everything) == []


def test_average_precision_by_hand():
    # Ranked: hit, miss, hit, hit; five words: (1 + 2/3 + 3/4) / 5.
    scores, correct = np.array([0.2, 0.9, 0.5, 0.6]), np.array([True, True, True, False])
    assert average_precision(scores, correct, 5) == pytest.approx((1 + 2 / 3 + 3 / 4) / 5)
    assert average_precision(np.zeros(0), np.zeros(0, dtype=bool), 0) == 0.0


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 2, 1], [2, 1, 0]])
def test_equal_scores_are_one_step_of_the_ranking(order):
    # The hit and the miss at 0.5 are retrieved together: 2 of 3 are right.
    scores, correct = np.array([0.9, 0.5, 0.5])[order], np.array([True, False, True])[order]
    assert average_precision(scores, correct, 2) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_without_scores_is_precision_times_recall():
    correct = np.array([False, True, True])
    assert average_precision(np.ones(3), correct, 4) == pytest.approx(2 / 3 * 2 / 4)


def test_rates_of_nothing():
    assert rate(0, 0) == 0.0
    assert harmonic_mean(0.0, 0.0) == 0.0
    assert harmonic_mean(1.0, 0.5) == pytest.approx(2 / 3)
