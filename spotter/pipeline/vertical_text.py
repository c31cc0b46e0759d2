"""Vertical text: words whose upright characters are one below the other."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

_WIDTH = 24
"""Width in pixels to which a column is scaled to find its rows."""

_TALLEST = 1.5
_SHORTEST = 0.2
"""Heights of a character, as shares of the crop's width."""


def lay_out_horizontally(image: np.ndarray) -> np.ndarray | None:
    """Place the characters of a column side by side, in order from top to bottom.

    Characters are separated at rows in which the grey level hardly changes from left to right.

    Args:
        image: (H, W, 3) uint8, upright, higher than wide.

    Returns:
        (h, n W, 3) uint8 of n >= 2 characters, or ``None`` if fewer are found.
    """
    height, width = image.shape[:2]
    cells = _cells(image)
    if len(cells) < 2:
        return None
    tallest = max(end - start for start, end in cells)
    line = []
    bounds = [0.0, *((a[1] + b[0]) / 2 for a, b in pairwise(cells)), height]
    for (start, end), (above, below) in zip(cells, pairwise(bounds), strict=True):
        middle, reach = (start + end) / 2, tallest * 0.62
        top, bottom = round(max(above, middle - reach)), round(min(below, middle + reach))
        cell = image[top : max(bottom, top + 1)]
        missing = max(round(2 * reach) - len(cell), 0)
        before = missing // 2
        line.append(cv2.copyMakeBorder(cell, before, missing - before, 0, 0, cv2.BORDER_REPLICATE))
    common = max(len(cell) for cell in line)
    return np.hstack([cv2.resize(cell, (width, common)) for cell in line])


def _cells(image: np.ndarray) -> list[tuple[float, float]]:
    """First and last row of every character, in pixels."""
    height, width = image.shape[:2]
    scale = _WIDTH / width
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_WIDTH, max(round(height * scale), 2)), interpolation=cv2.INTER_AREA)
    inner = small[:, _WIDTH // 12 : -(_WIDTH // 12)].astype(np.float32)
    change = np.convolve(np.pad(inner.std(axis=1), 1, mode="edge"), np.full(3, 1 / 3), "valid")
    low, high = (float(np.percentile(change, share)) for share in (10, 90))
    if high - low < 6:
        return []
    inked = change > low + 0.35 * (high - low)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(int)))
    runs = [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= _SHORTEST * _WIDTH]
    sizes = [b - a for a, b in runs if b - a <= _TALLEST * _WIDTH]
    usual = float(np.median(sizes)) if sizes else float(_WIDTH)
    cells = []
    for start, end in runs:
        # Characters that touch share their run evenly.
        count = max(1, round((end - start) / usual)) if end - start > 1.6 * usual else 1
        marks = np.linspace(start, end, count + 1) / scale
        cells += list(zip(marks[:-1].tolist(), marks[1:].tolist(), strict=True))
    return cells
