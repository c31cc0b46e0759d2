"""Strong in look and still in place; weak and never cut."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.transforms import ColorTextureView, WeakGeometricView
from spotter.data.transforms.semimtr_views import (
    BLUR_OPERATIONS,
    COLOR_OPERATIONS,
    TEXTURE_OPERATIONS,
    blackbody_color,
    drop_pixels,
    quantize_colors,
    shuffle_channels,
)

OPERATIONS = {**COLOR_OPERATIONS, **BLUR_OPERATIONS, **TEXTURE_OPERATIONS}


@pytest.fixture(autouse=True)
def seed() -> None:
    np.random.seed(0)  # noqa: NPY002


def edge(height: int = 32, width: int = 96, at: int = 40) -> np.ndarray:
    """Dark to the left of a column, bright to its right."""
    image = np.full((height, width, 3), (60, 70, 80), np.uint8)
    image[:, at:] = (200, 180, 160)
    return image


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_keep_everything_in_its_place(name: str) -> None:
    image = edge()
    before = image.copy()
    for _ in range(5):
        changed = OPERATIONS[name](image)
        assert (changed.shape, changed.dtype) == (image.shape, np.uint8)
        assert np.array_equal(image, before)
        profile = changed.astype(float).mean(axis=(0, 2))
        if np.ptp(profile) > 20:
            # The steepest place is where the edge was.
            assert abs(int(np.abs(np.diff(profile)).argmax()) - 39) <= 2


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_do_something(name: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 32, 3)).astype(np.uint8)
    assert any(not np.array_equal(OPERATIONS[name](image), image) for _ in range(20))


def test_color_operations_by_hand() -> None:
    image = edge()
    shuffled = [shuffle_channels(image) for _ in range(60)]
    assert all(np.array_equal(np.sort(s, 2), np.sort(image, 2)) for s in shuffled)
    assert len(np.unique(quantize_colors(image).reshape(-1, 3), axis=0)) <= 2
    dropped = drop_pixels(np.full((100, 100, 3), 9, np.uint8))
    assert 0.0 < (dropped == 0).mean() < 0.2
    assert (dropped[..., 0] == dropped[..., 2]).all()
    # Warm light lacks blue, cold light red; 6600 K is about white.
    assert blackbody_color(1500.0)[0] < 0.1
    assert blackbody_color(9900.0)[2] < 0.85
    np.testing.assert_allclose(blackbody_color(6600.0), 1.0, atol=0.02)


def test_k_means_repeats_with_the_seed() -> None:
    image = np.random.default_rng(1).integers(0, 256, (32, 64, 3)).astype(np.uint8)
    first = quantize_colors(image)
    np.random.seed(0)  # noqa: NPY002
    assert np.array_equal(quantize_colors(image), first)


def test_a_view_without_operations_is_the_image() -> None:
    image = edge()
    view = ColorTextureView(invert=0.0, color=0.0, blur=0.0, texture=0.0)
    assert np.array_equal(view.transform({"img": image})["img"], image)
    negative = ColorTextureView(invert=1.0, color=0.0, blur=0.0, texture=0.0)
    assert np.array_equal(negative.transform({"img": image})["img"], 255 - image)


def test_a_weak_view_shows_the_whole_word() -> None:
    image = np.full((32, 96, 3), 40, np.uint8)
    image[1:-1, 1:-1] = 220
    for kind in range(60):
        view = WeakGeometricView(geometry=1.0, deterioration=0.0, jitter=0.0)
        warped = view.transform({"img": image})["img"]
        assert warped.dtype == np.uint8
        assert min(warped.shape[:2]) > 8, kind
        bright = warped[..., 0] > 130
        # Around the word its rim comes into view; of the word nothing goes out of it.
        assert bright.sum() > 0.2 * 30 * 94
    still = WeakGeometricView(geometry=0.0, deterioration=0.0, jitter=0.0)
    assert np.array_equal(still.transform({"img": image})["img"], image)


def test_weak_views_are_mostly_weak() -> None:
    image = edge()
    view = WeakGeometricView()
    same = (
        sum(np.array_equal(view.transform({"img": image})["img"], image) for _ in range(400)) / 400
    )
    assert same == pytest.approx(0.5 * 0.75 * 0.75, abs=0.08)
