"""Reading direction: which corner comes first, which sides are top and bottom.

A box alone does not tell how its word runs. One rule decides everywhere:

1. The word runs along the longer pair of sides. A box less than ``NEAR_SQUARE`` times as long as
   wide runs along the pair that is closer to horizontal; 1.5 is also where the field starts to turn
   upright crops, and agrees best with how ICDAR 2015 labels its boxes.
2. Along that axis it runs to the right, unless the axis is within ``NEAR_VERTICAL`` degrees of
   vertical: then it runs down. So reading angles lie in [-75, 105) degrees (clockwise from the x
   axis), and a vertical word keeps its order when it tilts a little to either side.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from spotter.errors import GeometryError
from spotter.geometry.polygons import is_clockwise

NEAR_SQUARE = 1.5
NEAR_VERTICAL = 15.0


def _runs_forward(x: float, y: float) -> bool:
    """Whether a direction is a reading angle in [-75, 105) degrees."""
    angle = math.degrees(math.atan2(y, x))
    # A vertical computed from float32 corners must not fall on the other side by rounding.
    return -(90 - NEAR_VERTICAL) - 1e-6 <= angle < 90 + NEAR_VERTICAL - 1e-6


def order_vertices(quad: np.ndarray) -> np.ndarray:
    """Corners of a quadrilateral clockwise from the top-left in reading direction.

    The rule is the one of this module's docstring. The result does not depend on the order in which
    the corners are given, so the function is idempotent.

    Args:
        quad: (4, 2) corners in any order.

    Returns:
        (4, 2) float32; corners 0 and 1 span the top of the word, left to right as it is read.

    Raises:
        GeometryError: Not four finite corners.
    """
    corners = np.asarray(quad, dtype=np.float64)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise GeometryError(f"A quadrilateral must be four finite points, got {corners.shape}.")
    # Plain numbers: for four points they take a tenth of the time of arrays.
    points = sorted(corners.tolist())
    middle_x, middle_y = (sum(values) / 4 for values in zip(*points, strict=True))
    ring = sorted(points, key=lambda point: math.atan2(point[1] - middle_y, point[0] - middle_x))
    # Opposite sides run in opposite directions; their difference is the mean direction.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ring
    axes = [
        ((bx - ax - (dx - cx)) / 2, (by - ay - (dy - cy)) / 2),
        ((cx - bx - (ax - dx)) / 2, (cy - by - (ay - dy)) / 2),
    ]
    lengths = [math.hypot(x, y) for x, y in axes]
    long = int(lengths[1] > lengths[0])
    if max(lengths) < NEAR_SQUARE * min(lengths):
        slopes = [abs(y) - abs(x) for x, y in axes]
        # A square on its tip has no flatter pair; the one that rises to the right is taken.
        tied = abs(slopes[0] - slopes[1]) < 1e-6 * max(lengths)
        first, second = [x * y for x, y in axes] if tied else slopes
        long = int(second < first)
    start = long if _runs_forward(*axes[long]) else long + 2
    return np.array(ring[start:] + ring[:start], np.float32)


def min_area_rect(points: np.ndarray) -> np.ndarray:
    """Smallest rotated rectangle around points, ordered by :func:`order_vertices`.

    Args:
        points: (N, 2) coordinates, N >= 1.

    Returns:
        (4, 2) float32; degenerate for fewer than three distinct points.
    """
    points = np.asarray(points, dtype=np.float32).reshape(-1, 2)
    # OpenCV computes in float32: near the origin no digits are lost to the offset.
    origin = points.mean(axis=0)
    return order_vertices(cv2.boxPoints(cv2.minAreaRect(points - origin)) + origin)


def short_side(polygon: np.ndarray) -> float:
    """Shorter side of the smallest rectangle around an (N, 2) polygon, N >= 1."""
    rectangle = min_area_rect(polygon)
    return float(np.linalg.norm(rectangle[1:3] - rectangle[:2], axis=1).min())


def resample_polyline(points: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Points of a polyline at shares of its arc length.

    Args:
        points: (N, 2) vertices, N >= 1.
        shares: (K,) values in [0, 1].

    Returns:
        (K, 2) float64.
    """
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    reach = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.asarray(shares) * reach[-1]
    columns = [np.interp(at, reach, points[:, axis]) for axis in (0, 1)]
    return np.stack(columns, axis=1)


def _end_edges(ring: np.ndarray, paired: bool) -> tuple[int, int]:
    """Indices i < j of the edges (i, i+1) and (j, j+1) that close the strip at its two ends.

    An end edge joins two sharp turns (TextSnake, section 4.1: the edges beside it are nearly
    antiparallel), and the strip between the two ends is long for its width. Both say little alone:
    dense vertices make side edges shorter than the ends, and round outlines have no sharp turns.
    """
    count = len(ring)
    edges = np.roll(ring, -1, axis=0) - ring
    lengths = np.maximum(np.linalg.norm(edges, axis=1), 1e-9)
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    turns = np.angle(np.exp(1j * (angles - np.roll(angles, 1))))
    sharpness = np.clip(turns, 0, np.pi / 2) + np.clip(np.roll(turns, -1), 0, np.pi / 2)
    reach = np.concatenate([[0.0], np.cumsum(lengths)])

    best, best_score = (0, count // 2), -np.inf
    for i in range(count):
        # With 2n vertices each side has n: annotators place them in pairs.
        others = [i + count // 2] if paired and count % 2 == 0 else range(i + 2, count)
        for j in others:
            if j >= count or (j + 1) % count == i:
                continue
            one = reach[j] - reach[i + 1]
            other = reach[-1] - reach[j + 1] + reach[i]
            ends = lengths[i] + lengths[j]
            score = sharpness[i] + sharpness[j] + 0.5 * np.log(2 * min(one, other) / ends + 1e-9)
            if score > best_score + 1e-9:
                best, best_score = (i, j), score
    return best


def order_polygon(polygon: np.ndarray) -> np.ndarray:
    """Vertices of a text outline clockwise from the top-left in reading direction.

    Finds the two end edges, and starts the ring so that the top side comes first; the reading
    direction from one end's midpoint to the other's follows the rule of this module's docstring.

    Args:
        polygon: (N, 2) vertices in cyclic order, N >= 4; a quadrilateral may have any order. With
            2n vertices, n are taken to lie on each side.

    Returns:
        (N, 2) float32; with 2n vertices the first n are the top side.

    Raises:
        GeometryError: Fewer than four vertices.
    """
    ring, start, _ = _oriented(polygon, paired=True)
    return np.roll(ring, -start, axis=0).astype(np.float32)


def polygon_sides(polygon: np.ndarray, paired: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Top and bottom side of a text outline, both in reading direction.

    Args:
        polygon: (N, 2) vertices as for :func:`order_polygon`, N >= 4.
        paired: With 2n vertices, n lie on each side, as annotators place them; ``False`` for
            outlines traced in a map.

    Returns:
        Two polylines (T, 2) and (B, 2), float32, T + B = N.

    Raises:
        GeometryError: Fewer than four vertices.
    """
    ring, start, top_count = _oriented(polygon, paired)
    ring = np.roll(ring, -start, axis=0).astype(np.float32)
    return ring[:top_count], ring[top_count:][::-1]


def strip_polygon(outline: np.ndarray, points_per_side: int = 8) -> np.ndarray:
    """Turn any text outline into a strip of paired vertices, ready for :func:`crop_polygon`.

    Args:
        outline: (N, 2) vertices in cyclic order, N >= 4, on either side as many as it takes.
        points_per_side: Vertices n >= 2 of each side, evenly spaced along it.

    Returns:
        (2n, 2) float32: the top side in reading direction, then the bottom side backwards.

    Raises:
        GeometryError: Fewer than four vertices.
    """
    top, bottom = polygon_sides(outline, paired=False)
    shares = np.linspace(0.0, 1.0, points_per_side)
    sides = [resample_polyline(top, shares), resample_polyline(bottom[::-1], shares)]
    return np.concatenate(sides).astype(np.float32)


def _oriented(polygon: np.ndarray, paired: bool) -> tuple[np.ndarray, int, int]:
    """Clockwise ring, index of its reading start, number of vertices on its top side."""
    ring = np.asarray(polygon, dtype=np.float64)
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 4:
        raise GeometryError(f"A text outline needs four or more points, got {ring.shape}.")
    if len(ring) == 4:
        return order_vertices(ring).astype(np.float64), 0, 2
    if not is_clockwise(ring):
        ring = ring[::-1]
    i, j = _end_edges(ring, paired)
    first, second = (ring[i] + ring[i + 1]) / 2, (ring[j] + ring[(j + 1) % len(ring)]) / 2
    # Clockwise, the side after the start's end edge is the top.
    if _runs_forward(*(second - first).tolist()):
        return ring, i + 1, j - i
    return ring, (j + 1) % len(ring), len(ring) - (j - i)
