"""Multi-scale detection, with scales chosen from the photo itself.

A first, coarse pass over the whole photo finds the words that are large enough, and the regions in
which the network responds to text that is too small for it. Windows around these regions are then
searched at a finer scale, at which letters have the height that the detector was trained on. This
repeats until no small text is left or the limit on the number of passes is reached. Of small photos
the second pass shows all, and of others the second and the third one in a thorough search. If there
are large words, a pass at half the scale of the first outlines them, too. What the passes saw
otherwise is left to the reading, see :mod:`spotter.pipeline.alternatives`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.geometry import pairwise_overlaps, short_side, sliding_windows
from spotter.pipeline.tiling import SearchedWindow, merge_windows
from spotter.structures import TextInstance

MIN_HEIGHT = 12.0
"""Short side of a word in pixels of the input, below which words are missed or joined."""

KEPT_HEIGHT = 24.0
"""Short side from which on the outline of a word is not replaced by that of a finer pass."""

TARGET_HEIGHT = 24.0
"""Short side at which the finer pass shows the middle one of the words that are too small."""

LARGE_HEIGHT = 2 * TARGET_HEIGHT
"""Short side of a word in pixels of the input, from which on a photo is searched at half the scale,
too: at the usual one, large words may fall into their letters, above all on arcs."""

MAX_SCALE = 4.0
"""Largest scale: enlarging further adds pixels but no detail."""

OWN_SIZE_MAX_SCALE = 2.0
"""The limit where photos are not enlarged from the start: a word of :data:`MIN_HEIGHT` at this
scale is 6 pixels high in the photo."""

MAX_PASSES = 4
"""Finer passes over a photo, unless a preset allows fewer."""

WINDOW = 1024
"""Side of a window of a finer pass, in pixels of the detector's input."""

RESPONSE = 0.1
"""Probability from which on a pixel that belongs to no word may be text that is too small."""

SMALL_SIDE = 640
"""Photos whose short side has fewer pixels are searched at the next finer scale, too, whatever the
first pass sees: the words of small photos are small, and what the network hardly responds to then
is found when enlarged."""

_BUDGET = 0.75
"""Pixels of the first pass as a share of the square of the bound on its sides."""

_OVERLAP = 5
_LEAST_STEP = 1.3
_UNRESOLVED_STEP = 2.0
_UNRESOLVED_LENGTH, _UNRESOLVED_DENSITY = 2.0, 0.1
_GROWTH = 0.5
_CELL = 16
_COVERED = 0.5
_WINDOW_BOUND = 2.0


def first_scale(width: int, height: int, scale: float, limit_side: int) -> float:
    """The scale of the first pass.

    Args:
        width: Width of the photo.
        height: Height of the photo.
        scale: Factor by which photos of moderate size are enlarged.
        limit_side: Largest long side of the input, in pixels. Unusually long photos may have a
            longer side, but not more pixels in all.

    Returns:
        Pixels of the detector's input per pixel of the photo.
    """
    by_side = limit_side / max(width, height)
    by_area = float(np.sqrt(_BUDGET * limit_side**2 / (width * height)))
    return min(scale, max(by_side, by_area))


def largest_scale(scale: float, side: int = WINDOW) -> float:
    """The scale at which finer passes end.

    Args:
        scale: Factor by which photos of moderate size are enlarged.
        side: Long side of the photo, in pixels. As long as it fits into one window, a photo that
            is enlarged further takes no more time than one of moderate size.
    """
    usual = OWN_SIZE_MAX_SCALE if scale <= 1.0 else MAX_SCALE
    return max(usual, min(MAX_SCALE, WINDOW / side))


@dataclass(frozen=True)
class SmallText:
    """Where a pass has found text that is too small for its scale.

    Attributes:
        boxes: (N, 4) left, top, right, bottom in pixels of the photo.
        height: Median short side of the words that are too small, in pixels of the photo; ``None``
            if no single words were found.
    """

    boxes: np.ndarray
    height: float | None

    @classmethod
    def of(cls, parts: Sequence[SmallText]) -> SmallText:
        """The small text of several windows together."""
        boxes = [part.boxes for part in parts] or [np.zeros((0, 4))]
        heights = [part.height for part in parts if part.height is not None]
        return cls(np.concatenate(boxes), float(np.median(heights)) if heights else None)

    @classmethod
    def whole(cls, width: int, height: int) -> SmallText:
        """A photo that may have such text anywhere."""
        return cls(np.array([[0.0, 0.0, width, height]]), None)

    def next_scale(self, scale: float, largest: float = MAX_SCALE) -> float | None:
        """The scale of the pass that follows one at ``scale``; ``None``: there is none.

        Args:
            scale: Of the pass.
            largest: The scale to stop at, see :func:`largest_scale`.
        """
        if not len(self.boxes) or scale >= largest / _LEAST_STEP:
            return None
        step = _UNRESOLVED_STEP if self.height is None else TARGET_HEIGHT / (self.height * scale)
        return min(scale * max(step, _LEAST_STEP), largest)


def small_text(
    probability: np.ndarray,
    words: Sequence[TextInstance],
    scale: tuple[float, float],
    origin: tuple[float, float] = (0.0, 0.0),
) -> SmallText:
    """Find text in a probability map that is too small for the map's scale.

    Args:
        probability: (H, W) float32.
        words: What was found in it, in pixels of the photo.
        scale: (x, y) pixels of the map per pixel of the photo.
        origin: (x, y) of the map's corner in the photo.

    Returns:
        Words lower than :data:`MIN_HEIGHT`, and regions with high probability that belong to no
        word, if they are as long as a word of that height.
    """
    factor, offset = np.array(scale), np.array(origin)
    free = (probability > RESPONSE).astype(np.uint8)
    boxes, heights = [], []
    for word in words:
        height = short_side(word.polygon)
        points = (word.polygon - offset) * factor
        middle = points.mean(axis=0)
        # Around a word the response fades; what is within half of its height belongs to it.
        reach = 1 + _GROWTH * height * float(factor.mean()) / np.maximum(np.ptp(points, axis=0), 1)
        outline = np.round((points - middle) * reach + middle).astype(np.int32)
        cv2.fillPoly(free, [outline], 0)
        if height * float(factor.mean()) < MIN_HEIGHT:
            low, high = word.polygon.min(axis=0), word.polygon.max(axis=0)
            boxes.append([*low.tolist(), *high.tolist()])
            heights.append(height)
    for left, top, right, bottom in _regions(free):
        corner = np.array([left, top]) / factor + offset
        far = np.array([right, bottom]) / factor + offset
        boxes.append([*corner.tolist(), *far.tolist()])
    middle_height = float(np.median(heights)) if heights else None
    return SmallText(np.array(boxes, np.float64).reshape(-1, 4), middle_height)


def _regions(free: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Boxes of regions of (H, W) uint8 pixels that may be lines of text."""
    # Letters that are apart belong to one region; the pixels of one line are few rows.
    cells = cv2.resize(
        free.astype(np.float32),
        (max(free.shape[1] // _CELL, 1), max(free.shape[0] // _CELL, 1)),
        interpolation=cv2.INTER_AREA,
    )
    count, _, stats, _ = cv2.connectedComponentsWithStats(
        (cells > _UNRESOLVED_DENSITY).astype(np.uint8)
    )
    found = []
    for x, y, width, height, _ in stats[1:count].tolist():
        if max(width, height) >= _UNRESOLVED_LENGTH:
            found.append((x * _CELL, y * _CELL, (x + width) * _CELL, (y + height) * _CELL))
    return found


def legible(words: Sequence[TextInstance], scale: float) -> list[TextInstance]:
    """The words of a pass that are at least :data:`MIN_HEIGHT` pixels high in its input.

    Args:
        words: In pixels of the photo.
        scale: Pixels of the input per pixel of the photo.
    """
    return [word for word in words if short_side(word.polygon) * scale >= MIN_HEIGHT]


def windows_around(
    boxes: np.ndarray, width: int, height: int, scale: float
) -> list[tuple[int, int, int, int]]:
    """The windows of a photo that contain boxes.

    Args:
        boxes: (N, 4) left, top, right, bottom in pixels of the photo.
        width: Width of the photo.
        height: Height of the photo.
        scale: At which the windows are searched.

    Returns:
        Overlapping windows (x0, y0, x1, y1): the cells of a regular grid that contain boxes, each
        reduced to its boxes with a margin.
    """
    side = max(round(WINDOW / scale), 8)
    found = []
    for x0, y0, x1, y1 in sliding_windows(width, height, side, side // _OVERLAP):
        inside = boxes[
            (boxes[:, 0] < x1) & (boxes[:, 2] > x0) & (boxes[:, 1] < y1) & (boxes[:, 3] > y0)
        ]
        if len(inside):
            margin = 64 / scale
            low = np.floor(inside[:, :2].min(axis=0) - margin).astype(int)
            high = np.ceil(inside[:, 2:].max(axis=0) + margin).astype(int)
            found.append(
                (
                    max(x0, int(low[0])),
                    max(y0, int(low[1])),
                    min(x1, int(high[0])),
                    min(y1, int(high[1])),
                )
            )
    return found


def add_small_words(
    words: Sequence[TextInstance],
    scale: float,
    finer: Sequence[SearchedWindow],
    width: int,
    height: int,
    kept: float = KEPT_HEIGHT,
) -> list[TextInstance]:
    """Words of a pass and of the finer windows after it.

    Words of the pass that are high enough are kept as they are; of the windows only words lower
    than twice that are used, and of them those that share little with a word that is kept.

    Args:
        words: Of the pass, in pixels of the photo.
        scale: Of the pass.
        finer: Windows at a finer scale.
        width: Width of the photo.
        height: Height of the photo.
        kept: Least height of the words of the pass that are kept, in pixels of its input.
    """
    bound = kept / scale
    large: list[TextInstance] = []
    small: list[TextInstance] = []
    for word in words:
        (large if short_side(word.polygon) >= bound else small).append(word)
    windows = [SearchedWindow((0, 0, width, height), scale, small)]
    for window in finer:
        low = [word for word in window.words if short_side(word.polygon) < _WINDOW_BOUND * bound]
        windows.append(SearchedWindow(window.box, window.scale, low))
    merged = merge_windows(windows, width, height)
    if large and merged:
        overlaps = pairwise_overlaps([w.polygon for w in merged], [w.polygon for w in large])
        share = np.maximum(overlaps.first_share, overlaps.second_share).max(axis=1)
        merged = [word for word, each in zip(merged, share, strict=True) if each <= _COVERED]
    return [*large, *merged]
