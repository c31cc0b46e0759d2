"""Word crops that show more of the photo than their word (``context`` of a canonical sample)."""

from __future__ import annotations

import numpy as np

DETECTED_MARGIN = 0.1
"""Share of a word's shorter side by which crops of detected words reach beyond them all around."""


def word_box(width: float, height: float, context: float) -> np.ndarray:
    """Top-left and bottom-right corner (2, 2) of a word in its crop, with its margin.

    Args:
        width: Width of the crop.
        height: Height of the crop.
        context: Share of the word's shorter side that the crop shows of its surroundings on every
            side; 0: the crop is taken as it is.
    """
    edge = (context - DETECTED_MARGIN) * shorter_side(width, height, context) if context else 0.0
    return np.array([[edge, edge], [width - edge, height - edge]])


def shorter_side(width: float, height: float, context: float) -> float:
    """The shorter side of a word in a crop of (width, height) that shows ``context`` around it."""
    return min(width, height) / (1 + 2 * context)


def seen_size(width: int, height: int, context: float) -> tuple[int, int]:
    """Width and height of :func:`word_box` in whole pixels, at least 1."""
    low, high = word_box(width, height, context)
    wide, tall = high - low
    return max(1, round(float(wide))), max(1, round(float(tall)))
