"""Strips along regions drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.geometry import curved_strip, iou_matrix, order_polygon


def arc(radius: float, height: float, degrees: float, turn: float = 0.0) -> np.ndarray:
    """Outline of a ring's sector about (300, 300), symmetric to the direction ``turn``."""
    angles = np.deg2rad(np.linspace(-degrees / 2, degrees / 2, 60) - 90 + turn)
    rim = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outer, inner = rim * (radius + height / 2), rim[::-1] * (radius - height / 2)
    return (np.concatenate([outer, inner]) + 300).astype(np.float32)


@pytest.mark.parametrize("degrees", [55, 80, 110])
@pytest.mark.parametrize("turn", [0, 35, 90, 180])
def test_an_arc_is_followed(degrees: float, turn: float) -> None:
    region = arc(100, 24, degrees, turn)
    strip = curved_strip(region)
    assert strip is not None
    assert strip.shape == (16, 2)
    assert iou_matrix([strip], [region])[0, 0] > 0.85
    ordered = order_polygon(strip)
    if turn == 0:
        # The outer side is the top, from left to right.
        assert np.all(np.diff(ordered[:8, 0]) > 0)
        np.testing.assert_allclose(np.linalg.norm(ordered[:8] - 300, axis=1), 112, atol=8)


def test_it_grows_on_every_side() -> None:
    region = arc(100, 24, 80)
    strip = curved_strip(region, grow_ratio=1.5)
    # Area 140 x 24, perimeter 328: the distance is about 15 pixels.
    wider = arc(100, 24 + 2 * 15.4, 80 + 2 * np.rad2deg(15.4 / 100))
    assert iou_matrix([strip], [wider])[0, 0] > 0.85


@pytest.mark.parametrize("turn", [0, 20, 90])
def test_straight_and_round_regions_have_none(turn: float) -> None:
    angle = np.deg2rad(turn)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    box = np.array([[0, 0], [120, 0], [120, 20], [0, 20]]) @ matrix.T
    assert curved_strip(box) is None
    disc = arc(20, 39, 359)
    assert curved_strip(disc) is None
    assert curved_strip(np.array([[0, 0], [5, 0], [9, 0]])) is None
