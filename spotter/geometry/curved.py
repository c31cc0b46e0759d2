"""Outlines of curved words: a strip of even height along the middle line of a region."""

from __future__ import annotations

import cv2
import numpy as np

_COLUMNS = 96
_DEGREE = 3
_STRAIGHT = 0.3
"""Bend of the middle line, as a share of the region's height, up to which a word is straight."""

_RESIDUAL = 0.2
"""Largest mean distance of the middles from the middle line, as a share of the region's height."""

_SHORTEST = 1.8
"""Least length of the middle line, in heights of the region."""


def curved_strip(
    contour: np.ndarray, grow_ratio: float = 0.0, points_per_side: int = 8
) -> np.ndarray | None:
    """A strip along a curved region, such as the kernel of a curved word.

    In the frame of the smallest rectangle around the region, a polynomial of third degree is fitted
    to the middles of its columns; so the region may bend to either side, by up to about 120
    degrees in all, but not around a circle.

    Args:
        contour: (N, 2) outline of the region, pixels.
        grow_ratio: The strip is ``area * grow_ratio / perimeter`` larger than the region on every
            side, as :func:`unclip_distance`.
        points_per_side: Vertices n >= 2 of each of the two long sides.

    Returns:
        (2n, 2) float32, clockwise, the first n along one long side; ``None`` for a region that is
        straight, that is hardly longer than high, or that no such strip describes.
    """
    points = np.asarray(contour, np.float32)
    frame = _frame(points)
    if frame is None:
        return None
    origin, axes, sides = frame
    scale = _COLUMNS / sides[0]
    local = (points - origin) @ axes.T * scale
    xs, middles, heights = _columns(local, round(float(sides[1]) * scale) + 2)
    if len(xs) < _COLUMNS // 2:
        return None
    height = float(np.median(heights))
    # At its ends, which are square to the middle line, a bent region's columns are not whole.
    inner = (xs > xs[0] + height / 3) & (xs < xs[-1] - height / 3)
    if inner.sum() <= 2 * _DEGREE:
        return None
    line = np.polynomial.Polynomial.fit(xs[inner], middles[inner], _DEGREE)
    # Columns cross a sloping strip obliquely: they are longer than it is high.
    slopes = line.deriv()(xs)
    height = float(np.median((heights / np.hypot(1.0, slopes))[inner]))
    ends = _ends(line, float(xs[0]), float(xs[-1]), height)
    along = np.linspace(*ends, 64)
    length = float(np.hypot(np.diff(along), np.diff(line(along))).sum())
    chord = np.interp(along, ends, line(np.array(ends)))
    bend = float(np.abs(line(along) - chord).max())
    residual = float(np.abs(middles - line(xs))[inner].mean())
    if bend < _STRAIGHT * height or residual > _RESIDUAL * height or length < _SHORTEST * height:
        return None
    distance = length * height * grow_ratio / (2 * (length + height))
    strip = _strip(line, ends, height / 2 + distance, distance, points_per_side) / scale
    return (strip @ axes + origin).astype(np.float32)


def _frame(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, float]] | None:
    """Corner, unit axes (2, 2) and sides of the smallest rectangle, the longer side first."""
    corners = cv2.boxPoints(cv2.minAreaRect(points))
    first, second = corners[1] - corners[0], corners[3] - corners[0]
    if np.linalg.norm(first) < np.linalg.norm(second):
        corners = np.roll(corners, -1, axis=0)
        first, second = corners[1] - corners[0], corners[3] - corners[0]
    sides = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if min(sides) < 1:
        return None
    return corners[0], np.stack([first / sides[0], second / sides[1]]), sides


def _columns(local: np.ndarray, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions, middles and heights of the columns of a region in its own frame."""
    mask: np.ndarray = np.zeros((height, _COLUMNS + 1), np.uint8)
    cv2.fillPoly(mask, [np.round(local).astype(np.int32)], 1)
    counts = mask.sum(axis=0)
    xs = np.flatnonzero(counts)
    tops = mask.argmax(axis=0)[xs]
    bottoms = height - 1 - mask[::-1].argmax(axis=0)[xs]
    return xs.astype(np.float64), (tops + bottoms) / 2, (bottoms - tops + 1).astype(np.float64)


def _ends(
    line: np.polynomial.Polynomial, first: float, last: float, height: float
) -> tuple[float, float]:
    """Where the middle line ends, as one corner of a sloping end reaches further than it does."""
    slopes = line.deriv()(np.array([first, last]))
    inset = height / 2 * np.abs(slopes) / np.hypot(1.0, slopes)
    return first + float(inset[0]), last - float(inset[1])


def _strip(
    line: np.polynomial.Polynomial,
    ends: tuple[float, float],
    reach: float,
    longer: float,
    count: int,
) -> np.ndarray:
    """(2 count, 2) points on both sides of a line at a distance, lengthened at its ends."""
    dense = np.linspace(*ends, 256)
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(dense), np.diff(line(dense))))])
    xs = np.interp(np.linspace(0, lengths[-1], count), lengths, dense)
    middles = np.stack([xs, line(xs)], axis=1)
    slopes = line.deriv()(xs)
    tangents = np.stack([np.ones_like(slopes), slopes], axis=1) / np.hypot(1.0, slopes)[:, None]
    middles[0] -= longer * tangents[0]
    middles[-1] += longer * tangents[-1]
    normals = np.stack([tangents[:, 1], -tangents[:, 0]], axis=1)
    return np.concatenate([middles + reach * normals, (middles - reach * normals)[::-1]])
