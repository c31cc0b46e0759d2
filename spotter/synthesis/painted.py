"""Surfaces painted by formula: plaster, brick, boards, tiles, metal, paper; no photo needed."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.synthesis.colors import paint


def cloud(rng: np.random.Generator, size: tuple[int, int], coarsest: int = 4) -> np.ndarray:
    """(H, W) float32 value noise of several octaves, mean 0, deviation about 1."""
    height, width = size
    field: np.ndarray = np.zeros(size, np.float32)
    cells, weight = coarsest, 1.0
    while cells < max(size) // 2:
        coarse = rng.standard_normal((max(2, cells * height // max(size)), cells), np.float32)
        field += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 3, weight * 0.55
    return field / max(float(field.std()), 1e-6)


def _ramp(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    angle = rng.random() * 2 * np.pi
    x = np.linspace(-1, 1, size[1], dtype=np.float32)[None, :] * np.float32(np.cos(angle))
    y = np.linspace(-1, 1, size[0], dtype=np.float32)[:, None] * np.float32(np.sin(angle))
    return x + y


def plaster(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) float32 wall of one colour with stains and grain."""
    surface: np.ndarray = np.empty((*size, 3), np.float32)
    surface[:] = paint(rng)
    surface += (cloud(rng, size) * (3 + 12 * rng.random()))[..., None]
    surface += rng.standard_normal((*size, 1), np.float32) * (1 + 5 * rng.random())
    return surface


def gradient(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) float32 fade between two colours."""
    share = np.clip(_ramp(rng, size) * 0.5 + 0.5, 0, 1)[..., None]
    return paint(rng) * share + paint(rng) * (1 - share)


def bricks(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) float32 courses of bricks, each of its own shade, with mortar."""
    height, width = size
    tall = 10 + int(rng.random() * 22)
    wide = int(tall * (1.8 + rng.random()))
    joint = max(1, tall // 10)
    rows: np.ndarray = np.arange(height) // tall
    columns = (np.arange(width)[None, :] + (rows[:, None] % 2) * (wide // 2)) // wide
    shades = rng.normal(0, 14, (rows[-1] + 1, columns.max() + 1)).astype(np.float32)
    surface = paint(rng) + shades[rows[:, None], columns][..., None]
    across = (np.arange(width)[None, :] + (rows[:, None] % 2) * (wide // 2)) % wide < joint
    mortar = across | (np.arange(height) % tall < joint)[:, None]
    surface[mortar] = paint(rng) * 0.3 + 120
    return surface + (cloud(rng, size) * 6)[..., None]


def boards(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) float32 wooden boards with grain along them."""
    height, width = size
    grain: np.ndarray = rng.standard_normal((height, max(2, width // 40)), np.float32)
    grain = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
    board = 20 + int(rng.random() * 60)
    rows: np.ndarray = np.arange(height) // board
    surface = np.array([60, 100, 150], np.float32) * (0.4 + rng.random()) + rng.normal(0, 12, 3)
    surface = surface + (grain * 9 + rng.normal(0, 9, rows[-1] + 1)[rows][:, None])[..., None]
    surface[np.arange(height) % board == 0] *= 0.5
    return np.ascontiguousarray(surface.astype(np.float32))


def tiles(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) float32 square tiles, or stripes where one of the joints is missing."""
    step = 8 + int(rng.random() * 56)
    surface: np.ndarray = np.empty((*size, 3), np.float32)
    surface[:] = paint(rng)
    line = paint(rng)
    if rng.random() < 0.7:
        surface[np.arange(size[0]) % step < 1 + step // 16] = line
    surface[:, np.arange(size[1]) % step < 1 + step // 16] = line
    return surface + (cloud(rng, size) * 5)[..., None]


_SURFACES = (plaster, plaster, gradient, bricks, boards, tiles)


def paint_surface(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 BGR surface of a random kind under uneven light.

    Args:
        rng: Source of all randomness.
        size: Height and width in pixels.
    """
    surface = _SURFACES[int(rng.random() * len(_SURFACES))](rng, size)
    surface = surface * (1 + 0.25 * rng.random() * _ramp(rng, size))[..., None]
    return np.clip(surface, 0, 255).astype(np.uint8)
