from itertools import pairwise

import cv2
import numpy as np
import pytest

from spotter.geometry import crop_polygon
from spotter.synthesis.pages.runs import bent_run, set_run, stack_run, wavy_run


@pytest.fixture(scope="module")
def run(bank):
    return set_run(bank, 0, "GRAND HOTEL 9", 40)


def test_a_run_is_cropped_to_its_ink_and_split_at_spaces(run):
    assert [word.text for word in run.words] == ["GRAND", "HOTEL", "9"]
    assert run.ink.any(axis=1).all()
    assert run.ink[:, [0, -1]].any(axis=0).all()
    assert [len(word.characters) for word in run.words] == [5, 5, 1]
    ends = [(word.polygon[0, 0], word.polygon[1, 0]) for word in run.words]
    assert ends[0][0] == 0
    assert all(first[1] < second[0] for first, second in pairwise(ends))


def test_spaces_alone_are_no_run(bank):
    assert set_run(bank, 0, "  ", 40) is None


def test_letterspaced_capitals_stay_one_word(bank):
    tight, wide = (set_run(bank, 0, "EXIT", 40, spacing) for spacing in (0.0, 0.8))
    assert [word.text for word in wide.words] == ["EXIT"]
    assert wide.shape[1] - tight.shape[1] == pytest.approx(3 * 0.8 * 40, abs=2)


def test_a_stack_is_one_word_of_letters_from_top_to_bottom(bank):
    stack = stack_run(bank, 0, "HOTEL", 40)
    (word,) = stack.words
    assert word.text == "HOTEL"
    middles = word.characters.mean(axis=1)
    assert (np.diff(middles[:, 1]) > 20).all()
    assert np.ptp(middles[:, 0]) < 3
    assert stack.shape[0] > 4 * stack.shape[1]


@pytest.mark.parametrize("angle", [1.0, -1.0, 4.5])
def test_bent_outlines_hold_the_ink_of_their_word(run, angle):
    bent = bent_run(run, angle)
    assert all(len(word.polygon) >= 8 for word in bent.words)
    inside = np.zeros(bent.shape, np.uint8)
    for word in bent.words:
        cv2.fillPoly(inside, [np.round(word.polygon * 16).astype(np.int32)], 255, shift=4)
    inside = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    assert (inside[bent.ink > 128] > 0).mean() > 0.995


def test_a_bent_word_is_straightened_by_its_outline(run):
    flat = crop_polygon(run.ink, run.words[1].polygon, 30)
    bent = bent_run(run, 2.0)
    straight = crop_polygon(bent.ink, bent.words[1].polygon, 30)
    width = min(flat.shape[1], straight.shape[1])
    assert abs(flat.shape[1] - straight.shape[1]) < 0.06 * width
    pairs = flat[:, :width].astype(float).ravel(), straight[:, :width].astype(float).ravel()
    assert np.corrcoef(*pairs)[0, 1] > 0.8


def test_waves_move_columns_and_outlines_alike(run):
    wavy = wavy_run(run, 10.0, 1.0, 0.0)
    tall, wide = run.shape
    assert wavy.shape == (tall + 21, wide)
    # A quarter of the way the sine is 1 and the shift 0, at three quarters it is 20.
    for column, shift in ((wide // 4, 0), (3 * wide // 4, 20)):
        np.testing.assert_array_equal(wavy.ink[shift : shift + tall, column], run.ink[:, column])
    assert all(len(word.polygon) >= 8 for word in wavy.words)
