from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.evaluation.pairs import flatten_words, meeting_boxes, pair_words
from spotter.geometry import pairwise_overlaps
from tests.unit.evaluation.shapes import box, random_words


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(random_words(), random_words(true=False)), max_size=4))
def test_pairs_are_those_of_the_images(images):
    truths, found = [true for true, _ in images], [predicted for _, predicted in images]
    words = flatten_words(found, truths)
    pairs = pair_words(words)
    dense = np.zeros((len(words.truths), len(words.detections)))
    iou = dense.copy()
    dense[pairs.truth, pairs.detection] = pairs.intersections
    iou[pairs.truth, pairs.detection] = pairs.iou
    row = column = 0
    for true, predicted in images:
        one = pairwise_overlaps([w.polygon for w in true], [w.polygon for w in predicted])
        block = slice(row, row + len(true)), slice(column, column + len(predicted))
        np.testing.assert_allclose(dense[block], one.intersections, atol=1e-9)
        np.testing.assert_allclose(iou[block], one.iou, atol=1e-12)
        dense[block] = 0
        row, column = row + len(true), column + len(predicted)
    # Nothing is paired across images.
    assert not dense.any()
    assert (np.diff(pairs.truth * (column + 1) + pairs.detection) > 0).all()


def test_boxes_meet_on_their_outlines_and_only_in_their_image():
    first = np.array([[0, 0, 10, 10], [-5, 0, 0, 10], [np.nan] * 4, [20, 0, 30, 10]], float)
    second = np.array([[10, 10, 20, 20], [10.5, 0, 12, 10], [0, 0, 1, 1]], float)
    rows, columns = meeting_boxes(first, np.array([0, 1, 1, 1]), second, np.array([0, 0, 1]))
    assert list(zip(rows, columns, strict=True)) == [(0, 0), (1, 2)]


def test_scores_below_the_limit_are_dropped():
    found = [[box(0, 0, 1, 1, detection_score=0.5), box(0, 0, 1, 1, detection_score=0.4)]]
    assert len(flatten_words(found, [[]], min_score=0.5).detections) == 1
