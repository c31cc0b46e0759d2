"""Colours of text and of its background, as on signs, print and shop fronts."""

from __future__ import annotations

import numpy as np

# BGR. Paints of road signs, shop fronts and packages; each is jittered when it is used.
_PAINTS = np.array(
    [
        (250, 250, 250), (20, 20, 20), (35, 30, 190), (30, 30, 140), (150, 60, 20), (110, 40, 20),
        (70, 110, 20), (60, 80, 20), (30, 200, 245), (40, 130, 240), (140, 150, 60), (60, 50, 45),
        (120, 120, 120), (190, 195, 200), (170, 215, 235), (45, 60, 100), (140, 30, 90),
        (220, 180, 60), (90, 140, 180), (60, 180, 120), (215, 225, 230), (160, 110, 210),
    ],
    np.float32,
)  # fmt: skip
_LUMA = np.array([0.114, 0.587, 0.299], np.float32)


def luma(color: np.ndarray) -> np.ndarray:
    """Rec. 601 luma of BGR values, shape without the last axis."""
    return color @ _LUMA


def paint(rng: np.random.Generator) -> np.ndarray:
    """(3,) float32 BGR: a jittered paint, a grey, or any colour."""
    shape = rng.random()
    if shape < 0.6:
        color = _PAINTS[int(rng.random() * len(_PAINTS))] + rng.normal(0, 14, 3)
    elif shape < 0.88:
        color = rng.random() * 255 + rng.normal(0, 10, 3)
    else:
        color = rng.random(3) * 255
    return np.clip(color, 0, 255).astype(np.float32)


def contrasting(rng: np.random.Generator, ground: np.ndarray, distance: float = 60.0) -> np.ndarray:
    """(3,) float32 BGR text colour whose luma differs from the ground's by about ``distance``.

    Black and white are drawn more often than any other; when no draw is far enough the more
    distant of the two is taken.
    """
    base = float(luma(ground))
    for _ in range(6):
        shape = rng.random()
        if shape < 0.4:
            value = 235.0 + 20 * rng.random() if base < 128 else 45 * rng.random()
            color = np.clip(value + rng.normal(0, 5, 3), 0, 255)
        else:
            color = paint(rng)
        if abs(float(luma(color)) - base) >= distance:
            return color.astype(np.float32)
    return np.full(3, 245.0 if base < 128 else 12.0, np.float32)


def lower_contrast(
    rng: np.random.Generator, color: np.ndarray, ground: np.ndarray, least: float = 16.0
) -> np.ndarray:
    """Text colour faded towards the ground, at least ``least`` luma steps kept."""
    difference = abs(float(luma(color)) - float(luma(ground)))
    keep = 0.15 + 0.5 * rng.random()
    if difference > 1e-3:
        keep = min(1.0, max(keep, least / difference))
    return (ground + (color - ground) * keep).astype(np.float32)
