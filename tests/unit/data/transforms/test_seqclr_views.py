"""SeqCLR's views: what is drawn, within which ranges, and that characters stay in place."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.transforms import seqclr_views as views
from spotter.data.transforms.seqclr_views import OPERATIONS, SeqCLRView
from spotter.errors import ConfigError


def crop(height: int = 40, width: int = 120) -> np.ndarray:
    """Smooth noise, as a photo has it."""
    noise = np.random.RandomState(0).randint(0, 256, (height // 4, width // 4, 3), np.uint8)
    return views.cv2.resize(noise, (width, height))


def view(seed: int | None) -> np.ndarray:
    return SeqCLRView(seed=seed)({"img": crop(), "text": "ab"})["img"]


def test_a_seed_gives_the_same_view() -> None:
    assert np.array_equal(view(3), view(3))
    assert any(not np.array_equal(view(3), view(other)) for other in (4, 5))


def test_the_loaders_generator_gives_the_same_view() -> None:
    drawn = []
    for seed in (7, 7, 8):
        np.random.seed(seed)  # noqa: NPY002
        drawn.append(view(None))
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_every_subset_size_and_order_is_drawn() -> None:
    rng = np.random.RandomState(0)
    draws = [SeqCLRView().draw(rng) for _ in range(700)]
    assert {len(draw) for draw in draws} == set(range(1, 8))
    assert all(len(set(draw)) == len(draw) for draw in draws)
    assert {draw[0] for draw in draws} == set(OPERATIONS)
    pairs = [tuple(draw) for draw in draws if len(draw) == 2]
    assert any((b, a) in pairs for a, b in pairs)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_keep_type_and_source(name: str) -> None:
    image = crop()
    kept = image.copy()
    changed = OPERATIONS[name](image, np.random.RandomState(1))
    assert changed.dtype == np.uint8
    assert changed.shape[1:] == image.shape[1:]
    assert np.array_equal(image, kept)
    if name not in ("crop_vertical",):
        assert changed.shape == image.shape


def test_contrast_pulls_towards_grey() -> None:
    image = np.array([[[0, 127, 255]]], np.uint8)
    changed = views.linear_contrast(image, np.random.RandomState(0), (0.5, 0.5))
    assert np.allclose(changed[0, 0], [64, 127, 191], atol=1)


def test_vertical_crop_takes_up_to_forty_percent_off_each_side() -> None:
    rows = np.repeat(np.arange(100, dtype=np.uint8), 30).reshape(100, 10, 3)
    first, last, heights = [], [], []
    for seed in range(200):
        cut = views.crop_vertical(rows, np.random.RandomState(seed))
        first.append(int(cut[0, 0, 0]))
        last.append(int(cut[-1, 0, 0]))
        heights.append(len(cut))
    assert 0 <= min(first) < 3
    assert 37 <= max(first) <= 40
    assert 59 <= min(last) < 63
    assert max(last) == 99
    assert min(heights) >= 20
    assert len(views.crop_vertical(rows[:1], np.random.RandomState(0))) == 1


def test_sharpening_by_hand() -> None:
    image = np.full((5, 5, 3), 100, np.uint8)
    # Of a flat crop the filter leaves 1 - alpha + alpha * lightness.
    changed = views.sharpen(image, np.random.RandomState(0), (0.5, 0.5), (0.2, 0.2))
    assert np.all(changed == 60)
    assert np.array_equal(
        views.sharpen(image, np.random.RandomState(0), (0.0, 0.0), (0.5, 0.5)), image
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_strokes_keep_their_place_along_the_word(name: str) -> None:
    """The centre of a stroke moves by far less than a window of a fifth of the word."""
    width = 120
    for seed in range(20):
        for place in (30, 60, 90):
            image = np.zeros((40, width, 3), np.uint8)
            image[:, place - 2 : place + 2] = 255
            changed = OPERATIONS[name](image, np.random.RandomState(seed)).astype(float)
            changed = np.abs(changed - changed.min())
            profile = changed.sum((0, 2))
            profile[profile < 0.5 * profile.max()] = 0.0
            centre = float((profile * (np.arange(width) + 0.5)).sum() / profile.sum())
            assert abs(centre - place) < 0.12 * width


def test_unknown_operations_are_refused() -> None:
    for names in (["rotate"], []):
        with pytest.raises(ConfigError, match="contrast"):
            SeqCLRView(operations=names)
