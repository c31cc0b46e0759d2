"""Crops and reading directions, by closed forms."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest

from spotter.errors import GeometryError
from spotter.geometry import crop_polygon, native_size, order_vertices
from spotter.pipeline.crops import (
    cut_word,
    image_directions,
    reading_directions,
)


def rectangle(x: float, y: float, w: float, h: float, angle: float = 0.0) -> np.ndarray:
    """Corners clockwise from the top-left, turned clockwise about the centre."""
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    half = np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2
    turned = half @ np.array([[cosine, sine], [-sine, cosine]])
    return (turned + np.array([x + w / 2, y + h / 2])).astype(np.float32)


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 256, (80, 120, 3)).astype(np.uint8)
    return cv2.GaussianBlur(image, (0, 0), 2)


def test_a_wide_word_runs_one_way() -> None:
    quad = rectangle(10, 10, 60, 20)
    [direction] = reading_directions(quad)
    assert direction.rotation == 0
    np.testing.assert_array_equal(direction.outline, quad)


def test_a_slightly_tall_box_is_upright() -> None:
    [direction] = reading_directions(order_vertices(rectangle(0, 0, 20, 23)))
    assert direction.rotation == 0
    assert native_size(direction.cut) == (20, 23)


@pytest.mark.parametrize("angle", [0, 20, -10])
def test_a_tall_word_is_tried_three_ways(angle: float) -> None:
    upright = rectangle(40, 10, 20, 60, angle)
    directions = reading_directions(order_vertices(upright))
    assert directions[0].rotation == 0
    assert {d.rotation for d in directions} == {0, 90, 270}
    by_turn = {d.rotation: d for d in directions}
    # Turned clockwise, the left side comes up and the bottom-left corner leads.
    expected = {0: upright, 90: np.roll(upright, 1, axis=0), 270: np.roll(upright, -1, axis=0)}
    for turn, corners in expected.items():
        np.testing.assert_allclose(by_turn[turn].cut, corners, atol=1e-4)
        np.testing.assert_allclose(by_turn[turn].outline, corners, atol=1e-4)


def test_steep_words_on_both_sides_of_the_vertical_agree() -> None:
    # A word that rises steeply is read along its rise first.
    rising = rectangle(10, 10, 60, 20, -60)
    turns = [d.rotation for d in reading_directions(order_vertices(rising))]
    assert turns == [0, 90, 270]
    falling = rectangle(10, 10, 60, 20, 60)
    turns = [d.rotation for d in reading_directions(order_vertices(falling))]
    assert turns == [0, 270, 90]


def test_turned_crops_are_the_upright_one_turned(noise: np.ndarray) -> None:
    directions = reading_directions(order_vertices(rectangle(40, 10, 20, 60)))
    upright = cut_word(noise, directions[0].cut, 20, 60)
    np.testing.assert_array_equal(upright, noise[10:70, 40:60])
    for direction in directions[1:]:
        turned = cut_word(noise, direction.cut, 60, 20)
        np.testing.assert_array_equal(turned, np.rot90(upright, -direction.rotation // 90))


def test_a_curved_vertical_word_is_tried_three_ways() -> None:
    y = np.linspace(0, 100, 8)
    bend = 8 * np.sin(y / 100 * np.pi)
    right, left = np.stack([70 + bend, y], 1), np.stack([50 + bend, y], 1)
    strip = np.concatenate([right, left[::-1]]).astype(np.float32)
    directions = reading_directions(strip)
    assert [d.rotation for d in directions] == [0, 270, 90]
    assert directions[0].cut.shape == (4, 2)
    forward, backward = directions[1], directions[2]
    np.testing.assert_allclose(forward.cut[0], strip[0], atol=1e-3)
    np.testing.assert_allclose(backward.cut[0], strip[8], atol=1e-3)
    assert {tuple(p) for p in backward.outline.tolist()} == {tuple(p) for p in strip.tolist()}
    # The upright box begins at the photo's top left.
    assert directions[0].cut[0].sum() == pytest.approx(directions[0].cut.sum(axis=1).min(), abs=1)


def test_fewer_than_four_points_are_refused() -> None:
    with pytest.raises(GeometryError, match="four"):
        reading_directions(np.zeros((3, 2), np.float32))


@pytest.mark.parametrize("turn", [True, False])
def test_image_directions(turn: bool) -> None:
    assert len(image_directions(100, 30, turn)) == 1
    assert len(image_directions(30, 100, turn)) == (3 if turn else 1)
    first = image_directions(30, 100, turn)[0]
    np.testing.assert_array_equal(first.cut[0], [0, 0])
    np.testing.assert_array_equal(first.cut[2], [30, 100])


@pytest.mark.parametrize("size", [(30, 12), (60, 24), (15, 6), (7, 3), (120, 6), (30, 48)])
@pytest.mark.parametrize("strip", [False, True])
def test_a_ramp_stays_a_ramp(size: tuple[int, int], strip: bool) -> None:
    """Pixel t of w shows x0 + (t + 1/2) W / w, whatever is enlarged or reduced."""
    ramp = np.tile(np.arange(200, dtype=np.float32)[None, :, None], (100, 1, 3)).astype(np.uint8)
    x0, y0, w, h = 50, 20, 60, 24
    quad = rectangle(x0, y0, w, h)
    if strip:
        t = np.linspace(x0, x0 + w, 5)
        top, bottom = np.stack([t, 0 * t + y0], 1), np.stack([t, 0 * t + y0 + h], 1)
        quad = np.concatenate([top, bottom[::-1]]).astype(np.float32)
    crop = cut_word(ramp, quad, *size)
    assert crop.shape == (size[1], size[0], 3)
    expected = x0 + (np.arange(size[0]) + 0.5) * w / size[0] - 0.5
    np.testing.assert_allclose(
        crop[..., 0].astype(float), np.tile(expected, (size[1], 1)), atol=1.1
    )


def test_strong_reduction_averages() -> None:
    """A checkerboard of single pixels becomes grey, not a moiré."""
    board = ((np.indices((160, 320)).sum(0) % 2) * 255).astype(np.uint8)
    crop = cut_word(np.dstack([board] * 3), rectangle(11, 7, 256, 128), 64, 32)
    assert np.abs(crop.astype(int) - 127).max() <= 12


def test_close_to_a_crop_at_native_size_and_a_resize(noise: np.ndarray) -> None:
    quad = rectangle(30, 25, 64, 24, 9)
    for size in [(64, 32), (128, 32), (32, 12)]:
        ours = cut_word(noise, quad, *size).astype(float)
        shrinks = size[1] < 24
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        theirs = cv2.resize(crop_polygon(noise, quad), size, interpolation=interpolation)
        assert np.abs(ours - theirs).mean() < 2.0


def test_outside_the_photo_its_border_repeats(noise: np.ndarray) -> None:
    crop = cut_word(noise, rectangle(-500, -300, 40, 20), 20, 10)
    np.testing.assert_array_equal(crop, np.broadcast_to(noise[0, 0], crop.shape))
    with pytest.raises(GeometryError, match="finite"):
        cut_word(noise, np.full((4, 2), np.nan), 20, 10)


def test_margin_moves_the_sides_of_the_cut_and_not_the_outline() -> None:
    word = np.array([[10, 20], [50, 20], [50, 30], [10, 30]], np.float32)
    (direction,) = reading_directions(word, margin=0.2)
    assert direction.cut.tolist() == [[8, 18], [52, 18], [52, 32], [8, 32]]
    assert direction.outline.tolist() == word.tolist()


@pytest.mark.parametrize(
    "outline",
    [
        [[5, 5], [30, 5], [30, 5], [5, 5]],
        [[5, 5], [5, 5], [5, 30], [5, 30]],
        [[5, 5], [5, 5], [5, 5], [5, 5]],
    ],
)
def test_flat_outlines_are_cut_without_a_warning(outline):
    image = np.full((50, 60, 3), 128, np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        crop = cut_word(image, np.array(outline, np.float32), 32, 16)
    assert crop.shape == (16, 32, 3)
    assert (crop == 128).all()
