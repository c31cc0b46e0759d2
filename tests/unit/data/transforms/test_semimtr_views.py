"""Strong in look and still in place; weak and never cut."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.transforms import ColorTextureView, WeakGeometricView, semimtr_views
from spotter.data.transforms.semimtr_views import (
    BLUR_OPERATIONS,
    COLOR_OPERATIONS,
    TEXTURE_OPERATIONS,
    blackbody_color,
    drop_pixels,
    quantize_colors,
    shuffle_channels,
)

OPERATIONS = {
    **COLOR_OPERATIONS,
    **BLUR_OPERATIONS,
    "sharpen": semimtr_views.sharpen,
    **TEXTURE_OPERATIONS,
}


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
    dropped = [drop_pixels(np.full((100, 100, 3), 9, np.uint8)) for _ in range(40)]
    assert all((one == 0).mean() < 0.22 for one in dropped)
    # One of two drops whole pixels, the other single values.
    assert 8 <= sum((one[..., 0] == one[..., 2]).all() for one in dropped) <= 32
    # Warm light lacks blue, cold light red; 6600 K is about white.
    assert blackbody_color(1500.0)[0] < 0.1
    assert blackbody_color(9900.0)[2] < 0.85
    np.testing.assert_allclose(blackbody_color(6600.0), 1.0, atol=0.02)


def test_every_second_change_of_sharpness_sharpens(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for name in BLUR_OPERATIONS:
        monkeypatch.setitem(BLUR_OPERATIONS, name, lambda image, n=name: made.append(n) or image)
    monkeypatch.setattr(semimtr_views, "sharpen", lambda image: made.append("sharpen") or image)
    view = ColorTextureView(invert=0.0, color=0.0, texture=0.0)
    for _ in range(800):
        view.transform({"img": edge()})
    assert made.count("sharpen") / 800 == pytest.approx(0.5, abs=0.06)
    assert made.count("motion") / 800 == pytest.approx(0.125, abs=0.04)


def spread(operation: str) -> list[int]:
    """How many pixels wide a single bright column becomes, of those that were drawn."""
    image = np.zeros((31, 31, 3), np.uint8)
    image[:, 15] = 250
    widths = {int((BLUR_OPERATIONS[operation](image)[15, :, 0] > 0).sum()) for _ in range(150)}
    return sorted(widths)


def test_blurs_have_the_published_sizes() -> None:
    assert spread("average") == [2, 3, 4, 5, 6]
    # Along the column nothing is spread, across it all five pixels.
    assert spread("motion")[0] == 1
    assert spread("motion")[-1] == 5
    # A median takes a stripe of k out of 2 k + 1 columns away.
    for side, kept in ((1, 0), (2, 1), (3, 2), (4, 3)):
        stripe = np.zeros((31, 31, 3), np.uint8)
        stripe[:, 12 : 12 + side] = 250
        survived = sum(BLUR_OPERATIONS["median"](stripe).any() for _ in range(150)) / 150
        assert survived == pytest.approx(kept / 3, abs=0.13)


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
