"""Weak and strong views: every operation by hand, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.transforms import HideText, StrongView, WeakView
from spotter.data.transforms import consistency_views as views
from spotter.data.transforms.packing import PackRecInputs
from spotter.errors import ConfigError

RAMP = np.arange(256, dtype=np.uint8).reshape(8, 32)[..., None].repeat(3, 2)


@pytest.fixture(autouse=True)
def seed() -> None:
    np.random.seed(0)  # noqa: NPY002


def crop(seed: int = 0, height: int = 20, width: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("operation", "amount", "expected"),
    [
        (views.brightness, 0.5, lambda v: v * 0.5),
        (views.brightness, 1.72, lambda v: np.minimum(v * 1.72, 255)),
        # The ramp's mean grey is 127.5.
        (views.contrast, 0.5, lambda v: 127.5 + (v - 127.5) * 0.5),
        (views.contrast, 1.5, lambda v: np.clip(127.5 + (v - 127.5) * 1.5, 0, 255)),
        (views.posterize, 4.4, lambda v: v & 0xF0),
        (views.posterize, 6.0, lambda v: v & 0xFC),
        (views.posterize, 8.0, lambda v: v),
        (views.solarize, 128.0, lambda v: np.where(v < 128, v, 255 - v)),
        (views.solarize, 0.0, lambda v: 255 - v),
        (views.solarize_add, 110.0, lambda v: np.where(v < 18, v + 110, np.maximum(145 - v, 0))),
        (views.solarize_add, -110.0, lambda v: np.where(
            v < 238, np.maximum(v - 110, 0), 255 - (v - 110))),
        (views.color, 1.72, lambda v: v),
    ],
)  # fmt: skip
def test_values_of_each_operation(operation, amount: float, expected) -> None:
    values = expected(np.arange(256))
    changed = operation(RAMP, amount)
    np.testing.assert_allclose(changed.reshape(256, 3)[:, 0], values, atol=0.51)
    assert changed.dtype == np.uint8


def reach(name: str, strength: int, magnitudes: str = "published") -> tuple[float, float]:
    """Smallest and largest size of the magnitudes that are drawn."""
    chosen = views.MAGNITUDES[magnitudes]
    drawn = [getattr(chosen, name).draw(chosen.share(strength)) for _ in range(400)]
    sizes = [abs(magnitude) for magnitude in drawn]
    return min(sizes), max(sizes)


@pytest.mark.parametrize(
    ("name", "strength", "least", "most"),
    [
        ("shear", 5, 0.12, 0.18),
        ("translate", 5, 0.12, 0.18),
        ("rotate", 5, 11.0, 14.0),
        ("enhance", 10, 0.28, 1.72),
        ("posterize", 10, 4.4, 7.6),
        ("solarize", 10, 25.6, 230.4),
        ("solarize_add", 10, 11.0, 99.0),
    ],
)
def test_published_magnitudes(name: str, strength: int, least: float, most: float) -> None:
    assert reach(name, strength) == pytest.approx((least, most))


def test_published_signs_and_mild_magnitudes() -> None:
    published, mild = views.MAGNITUDES["published"], views.MAGNITUDES["mild"]
    for name in ("shear", "translate", "rotate", "solarize_add"):
        drawn = [getattr(published, name).draw(0.3) for _ in range(40)]
        assert min(drawn) == -max(drawn) < 0
    assert {mild.solarize_add.draw(0.3) for _ in range(20)} == {33.0}
    assert reach("rotate", 5, "mild") == pytest.approx((1.0, 5.0))
    assert reach("shear", 5, "mild") == pytest.approx((0.02, 0.1))
    assert reach("enhance", 10, "mild") == pytest.approx((0.14, 0.95))


def test_the_published_border_is_black() -> None:
    image = np.full((20, 60, 3), 200, np.uint8)
    published, mild = (
        StrongView(geometric=1, photometric=0, probability=1.0, magnitudes=name)
        for name in ("published", "mild")
    )
    assert all(published({"img": image})["img"].min() == 0 for _ in range(20))
    assert all(mild({"img": image})["img"].min() == 200 for _ in range(20))


def test_bad_settings_are_named() -> None:
    with pytest.raises(ConfigError, match="magnitudes 'wild' is none of published, mild"):
        StrongView(magnitudes="wild")
    with pytest.raises(ConfigError, match="strength is 2 to 10, not 11"):
        StrongView(photometric_strength=11)


def test_autocontrast_and_equalize_fill_the_range() -> None:
    dull = (RAMP // 4 + 60).astype(np.uint8)
    for operation in (views.autocontrast, views.equalize):
        changed = operation(dull)
        assert changed.min() == 0
        assert changed.max() == 255
        assert (np.diff(changed[..., 0].ravel().astype(int)) >= 0).all()
    flat = np.full((4, 4, 3), 77, np.uint8)
    assert np.array_equal(views.autocontrast(flat), flat)


def test_color_goes_to_grey() -> None:
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 2] = 200
    spread = [int(np.ptp(views.color(red, factor)[0, 0].astype(int))) for factor in (0.1, 0.5, 0.9)]
    assert spread[0] < spread[1] < spread[2] < 200
    assert spread[1] == pytest.approx(0.5 * 200, abs=1)


@pytest.mark.parametrize(
    ("kind", "point", "moved"),
    [
        (0, (30, 0), (30 - 0.1 * 10, 0)),
        (1, (0, 10), (0, 10 - 0.1 * 30)),
        (2, (30, 10), (30 + 0.1 * 60, 10)),
        (3, (30, 10), (30, 10 + 0.1 * 20)),
    ],
)
def test_geometry_of_each_operation(
    kind: int, point: tuple, moved: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Strength 5 of 5, of the given kind, positive.
    draws = iter([4, kind, 0])
    monkeypatch.setattr(views, "integer", lambda count: next(draws))
    matrix = StrongView(magnitudes="mild")._geometry(60, 20)
    centre = np.array([30, 10])
    mapped = matrix[:2, :2] @ (np.array(point) - centre) + matrix[:2, 2] + centre
    np.testing.assert_allclose(mapped, moved, atol=1e-9)


def test_warps_follow_their_matrix() -> None:
    image = np.zeros((21, 61, 3), np.uint8)
    image[10, 20] = 255
    shift = np.array([[1.0, 0, 7], [0, 1, -3], [0, 0, 1]])
    moved = views.warp_about_centre(image, shift)
    assert np.argwhere(moved[..., 0] > 200).tolist() == [[7, 27]]
    turn = np.array([[-1.0, 0, 0], [0, -1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(views.warp_about_centre(image, turn), image[::-1, ::-1])


def test_without_geometry_every_column_stays() -> None:
    columns = np.tile(np.repeat([30, 220], 8), 4).astype(np.uint8)
    image = np.tile(columns, (20, 1))[..., None].repeat(3, 2)
    view = StrongView(geometric=0, probability=1.0)
    for _ in range(50):
        changed = view({"img": image})["img"].astype(int)
        assert (changed == changed[:1]).all()
        edges = np.flatnonzero(np.diff(changed[0, :, 0]))
        assert set(edges) <= set(range(7, 64, 8))
    strong = StrongView(probability=1.0)
    assert any((strong({"img": image})["img"][0] != image[0]).any() for _ in range(5))


def test_strong_views_are_repeatable_and_rarely_the_same() -> None:
    image = crop()
    kept = image.copy()
    view = StrongView()
    first = [view({"img": image})["img"] for _ in range(40)]
    np.random.seed(0)  # noqa: NPY002
    again = [view({"img": image})["img"] for _ in range(40)]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert np.array_equal(image, kept)
    unchanged = sum(np.array_equal(changed, image) for changed in first)
    # None of four operations made: one view in sixteen.
    assert unchanged <= 8
    assert all(changed.shape == image.shape for changed in first)


def test_weak_views_stay_close() -> None:
    image = np.full((10, 30, 3), 100, np.uint8)
    means = [WeakView()({"img": image})["img"].mean() for _ in range(200)]
    # Brightness 0.8 .. 1.2 of a contrast 0.9 .. 1.1 about mid-grey.
    assert 0.8 * (127.5 - 1.1 * 27.5) - 1 <= min(means) < 90
    assert 110 < max(means) <= 1.2 * (127.5 - 0.9 * 27.5) + 1
    still = WeakView(0.0, 0.0, 0.0, 0.0)({"img": crop()})["img"]
    assert np.array_equal(still, crop())


def test_hidden_text_travels_beside_the_label() -> None:
    packed = PackRecInputs()(HideText()({"img": crop(), "text": "truth"}))
    assert packed["data_samples"].text is None
    assert packed["data_samples"].hidden_text == "truth"
    twice = HideText()(HideText()({"text": "truth"}))
    assert twice == {"text": None, "hidden_text": "truth"}
    assert HideText()({"text": None})["hidden_text"] is None
