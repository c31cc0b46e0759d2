import numpy as np
import pytest

from spotter.synthesis.effects import (
    blend,
    grow,
    needed_contrast,
    paint_text,
    readable,
    shift,
    thin,
)


def test_blend_weighs_by_coverage():
    image = np.full((1, 2, 3), 100.0, np.float32)
    blend(image, np.float32([[0.25, 1.0]]), np.float32([200, 0, 100]))
    np.testing.assert_allclose(image[0], [[125, 75, 100], [200, 0, 100]])


def test_grow_by_whole_and_half_pixels():
    dot = np.zeros((7, 7), np.float32)
    dot[3, 3] = 1
    assert grow(dot, 1.0).sum() == 5  # a disk of radius 1 is a cross
    assert grow(dot, 0.5).sum() == pytest.approx(1 + 4 * 0.5)
    np.testing.assert_array_equal(grow(dot, 0.0), dot)


def test_thin_undoes_grow_on_a_square():
    square = np.zeros((15, 15), np.float32)
    square[5:10, 5:10] = 1
    np.testing.assert_array_equal(thin(grow(square, 1.0), 1.0), square)


def test_shift_moves_and_leaves_nothing_behind():
    row = np.float32([[1, 2, 3, 4]])
    np.testing.assert_array_equal(shift(row, 2, 0), [[0, 0, 1, 2]])


def test_flat_ground_needs_the_base_contrast():
    assert needed_contrast(np.full((4, 4, 3), 90, np.float32)) == pytest.approx(55, abs=1e-3)
    stripes = np.zeros((4, 4, 3), np.float32)
    stripes[::2] = 20
    assert needed_contrast(stripes) == pytest.approx(55 + 1.2 * 10, abs=1e-3)


def test_letters_are_readable_by_their_distance():
    ink = np.zeros((20, 40), np.uint8)
    ink[5:15, 10:30] = 255
    image = np.full((20, 40, 3), 100, np.uint8)
    image[ink > 0] += 9
    assert not readable(image, ink, 10.0)
    image[ink > 0] += 2
    assert readable(image, ink, 10.0)
    image[::2][ink[::2] == 0] += 60  # stripes of deviation 30 hide 11 - 30 levels of difference
    assert not readable(image, ink, 10.0)


@pytest.mark.parametrize("seed", range(25))
def test_painting_stays_near_the_letters(seed):
    rng = np.random.default_rng(seed)
    image = np.full((60, 60, 3), 128, np.float32)
    alpha = np.zeros((60, 60), np.float32)
    alpha[25:35, 25:35] = 1
    paint_text(rng, image, alpha, np.float32([0, 0, 255]), 10.0, lambda: np.zeros((60, 60, 3)))
    assert np.isfinite(image).all()
    assert not np.allclose(image[25:35, 25:35], 128)
    # Shadow, relief and glow reach no farther than a line's height.
    assert np.abs(image[:12] - 128).max() < 2
    assert np.abs(image[:, 48:] - 128).max() < 2
