"""Where along a text line there is ink, measured by its contrast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from spotter.geometry import native_size, resample_polyline
from spotter.pipeline.crops import cut_word

_ROWS = 24
"""Height in pixels to which a line is scaled; widths are measured as shares of it."""

_EDGE = 2
"""Rows left out at the upper and the lower side, where neighbouring lines may show."""

_LEAST_CONTRAST = 24.0
_INK = 0.4

_WORD_SPACE = 0.24
"""Narrowest space between words, as a share of the height of their outline."""

RIM = 0.1
"""Room that a part of an outline keeps beside its ink, as a share of the height."""

_REACH = 0.4
"""How far from where a space is seen its gap may be, as a share of the height."""

_WIDER, _LETTER_GAP = 2.5, 0.06
"""A space is so many times as wide as the narrowest gap, which counts as at least this share."""


@dataclass(frozen=True)
class Ink:
    """Which columns of a line have ink.

    Attributes:
        columns: (W,) bool.
        per_height: Columns per height of the line.
        contrast: Grey levels between ink and paper.
    """

    columns: np.ndarray
    per_height: float
    contrast: float

    def runs(self, value: bool = True) -> list[tuple[int, int]]:
        """Bounds [start, end) of the runs of columns with ink, or without."""
        padded = np.concatenate([[False], self.columns == value, [False]]).astype(np.int8)
        edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2)
        return [(int(start), int(end)) for start, end in edges]

    def word_spaces(self) -> list[tuple[int, float]]:
        """Gaps that part words: after which run of ink, and how wide, as a share of the height.

        None where all gaps are alike, as between the letters of a letterspaced word.
        """
        runs = self.runs()
        gaps = [(after[0] - before[1]) / self.per_height for before, after in pairwise(runs)]
        if not gaps:
            return []
        least = max(_WORD_SPACE, _WIDER * max(min(gaps), _LETTER_GAP))
        return [(index, gap) for index, gap in enumerate(gaps) if gap >= least]


def line_ink(image: np.ndarray, quad: np.ndarray) -> Ink | None:
    """The ink of a line: those columns in which the grey level changes from top to bottom.

    Args:
        image: (H, W, 3) uint8.
        quad: (4, 2) the line, clockwise from its first character's top-left corner.

    Returns:
        The ink, or ``None`` if the contrast is too low.
    """
    width, height = native_size(quad)
    crop = cut_word(image, quad, max(round(width * _ROWS / height), 2), _ROWS)
    return ink_of(crop)


def ink_of(crop: np.ndarray) -> Ink | None:
    """As :func:`line_ink`, of an upright crop (h, w, 3) uint8 of a line."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    edge = max(round(len(grey) * _EDGE / _ROWS), 1)
    inner = grey[edge:-edge].astype(np.float32)
    low, high = _percentiles(grey[edge:-edge], (0.03, 0.97))
    if high - low < _LEAST_CONTRAST:
        return None
    least = _INK * (high - low)
    inked = inner.max(axis=0) - inner.min(axis=0) > least
    # A stroke as high as the crop changes as little as paper, but is of another grey.
    if not inked.all():
        rim = float(np.median(np.concatenate([grey[:edge], grey[-edge:]])))
        paper = low if rim - low < high - rim else high
        inked |= np.abs(inner.mean(axis=0) - paper) > least
    return Ink(inked, float(len(grey)), high - low)


def _percentiles(values: np.ndarray, shares: Sequence[float]) -> list[float]:
    """``np.quantile`` of grey levels, of any shape, in a fraction of its time."""
    ordered = np.sort(values, axis=None)
    found = []
    for share in shares:
        rest, place = math.modf(share * (len(ordered) - 1))
        below, above = (float(each) for each in ordered[int(place) :][:2][[0, -1]])
        found.append(below + (above - below) * rest)
    return found


def part_of(quad: np.ndarray, start: float, end: float) -> np.ndarray:
    """The part of a quadrilateral between two shares of its width, (4, 2) float32.

    Args:
        quad: (4, 2) clockwise from the top left.
        start: Share at which the part starts; below 0: before the quadrilateral.
        end: Share at which the part ends; above 1: after the quadrilateral.
    """
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    corners = [
        quad[0] + start * top,
        quad[0] + end * top,
        quad[3] + end * bottom,
        quad[3] + start * bottom,
    ]
    return np.array(corners, np.float32)


def part_of_strip(strip: np.ndarray, start: float, end: float) -> np.ndarray:
    """The part of a strip between two shares of the length of its sides, (2n, 2) float32.

    Args:
        strip: (2n, 2) with paired vertices, n > 2: the top side, then the bottom side backwards.
        start: Share in [0, 1] at which the part starts.
        end: Share in [0, 1] at which the part ends.
    """
    half = len(strip) // 2
    shares = np.linspace(start, end, half)
    top, bottom = (resample_polyline(side, shares) for side in (strip[:half], strip[half:][::-1]))
    return np.concatenate([top, bottom[::-1]]).astype(np.float32)


def parts_between(
    image: np.ndarray, cut: np.ndarray, outline: np.ndarray, spaces: Sequence[float]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The parts of a crop between its spaces.

    A space that the recognizer sees is placed to within a frame; where the ink shows a gap nearby,
    the parts end at that.

    Args:
        image: (H, W, 3) uint8.
        cut: (4, 2), or (2n, 2) of a curved word: what was cut out of the image, the outline and a
            margin.
        outline: As ``cut``, in any coordinates of the same scale.
        spaces: Their middles, as increasing shares of the width of ``cut``.

    Returns:
        Outline and cut of each part.
    """
    width, height = native_size(cut)
    margin = max(width - native_size(outline)[0], 0) / 2
    ink = line_ink(image, cut)
    gaps = [] if ink is None else _inner_gaps(ink)
    rim = RIM * height / width
    bounds = [0.0]
    for space in spaces:
        start, end = _nearest_gap(gaps, space, _REACH * height / width)
        bounds += [min(start + rim, end), max(end - rim, start)]
    bounds.append(1.0)
    part = part_of if len(cut) == 4 else part_of_strip
    parts = []
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        if end - start <= rim:
            continue
        ends = (share * width - margin for share in (start, end))
        inner = (min(max(end / max(width - 2 * margin, 1.0), 0.0), 1.0) for end in ends)
        parts.append((part(outline, *inner), part(cut, start, end)))
    return parts


def _inner_gaps(ink: Ink) -> list[tuple[float, float]]:
    """Bounds of the runs without ink between runs with it, as shares of the width."""
    count = len(ink.columns)
    return [(last[1] / count, first[0] / count) for last, first in pairwise(ink.runs())]


def _nearest_gap(
    gaps: Sequence[tuple[float, float]], place: float, reach: float
) -> tuple[float, float]:
    """The widest gap whose middle is in reach of a place; the place itself if there is none."""
    near = [gap for gap in gaps if abs(sum(gap) / 2 - place) <= reach]
    return max(near, key=lambda gap: gap[1] - gap[0], default=(place, place))


def tighten(crop: np.ndarray, space: float = 0.15) -> np.ndarray:
    """Remove the wide spaces between the letters of a letterspaced word.

    Args:
        crop: (h, w, 3) uint8, upright.
        space: Columns without ink that are left between two letters, as a share of the height.

    Returns:
        (h, w', 3) uint8 with w' <= w; the same array if there is nothing to remove.
    """
    ink = ink_of(crop)
    if ink is None:
        return crop
    kept: np.ndarray = np.ones(crop.shape[1], bool)
    left = max(round(space * ink.per_height), 2)
    for start, end in ink.runs(value=False):
        if start > 0 and end < crop.shape[1] and end - start > left:
            kept[start + left // 2 : end - (left - left // 2)] = False
    return np.ascontiguousarray(crop[:, kept])
