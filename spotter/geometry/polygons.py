"""Measures, validation, offsets, transforms and clipping of single polygons."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import shapely

from spotter.errors import GeometryError
from spotter.geometry.overlaps import polygon_to_shapely

MAX_COORDINATE = 1e7
"""Pixels; beyond it float32 does not hold whole ones, and areas lose their meaning."""

_EMPTY_AREA = 1e-6


def signed_area(polygon: np.ndarray) -> float:
    """Area by the shoelace formula, positive when the vertices run clockwise on screen.

    Args:
        polygon: (N, 2) vertices.

    Returns:
        Square pixels; the sign tells the orientation (y points down).
    """
    points = np.asarray(polygon, dtype=np.float64)
    # Far from the origin the products would cancel catastrophically.
    x, y = (points - points[0]).T
    # The terms across the end of the list are zero, as the first vertex is the origin.
    return 0.5 * float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))


def polygon_area(polygon: np.ndarray) -> float:
    """Area in square pixels of a simple polygon (N, 2), whatever its orientation."""
    return abs(signed_area(polygon))


def perimeter(polygon: np.ndarray) -> float:
    """Length in pixels of the closed outline of a polygon (N, 2)."""
    points = np.asarray(polygon, dtype=np.float64)
    return float(np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1).sum())


def is_clockwise(polygon: np.ndarray) -> bool:
    """Whether the vertices (N, 2) run clockwise as seen on screen (y points down)."""
    return signed_area(polygon) > 0


def as_polygon(points: Any, min_points: int = 3) -> np.ndarray:
    """Check and convert the vertices of one polygon.

    Args:
        points: (N, 2) array or nested list, or a flat list ``x1, y1, x2, y2, ...``. Booleans and
            texts are no numbers.
        min_points: Fewest vertices to accept.

    Returns:
        (N, 2) float32, contiguous.

    Raises:
        GeometryError: Too few vertices, an odd count of numbers, values that are not finite or
            beyond :data:`MAX_COORDINATE`, or no area.
    """
    array = as_vertices(points)
    if len(array) < min_points:
        raise GeometryError(f"A polygon needs at least {min_points} points, got {len(array)}.")
    # A crossing outline may have a zero shoelace area and still cover ground.
    if polygon_area(array) < _EMPTY_AREA and shapely.area(polygon_to_shapely(array)) < _EMPTY_AREA:
        raise GeometryError("A polygon has no area.")
    return np.ascontiguousarray(array, dtype=np.float32)


def as_vertices(points: Any) -> np.ndarray:
    """The vertices of :func:`as_polygon`, as many as they are and whatever area they span.

    Returns:
        (N, 2) float64.

    Raises:
        GeometryError: They are no points of two finite numbers.
    """
    try:
        array = np.asarray(points)
        if array.dtype.kind not in "iuf" or not _has_only_numbers(points):
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise GeometryError("A polygon must be a list of numeric (x, y) points.") from None
    if array.ndim == 1 and array.size % 2 == 0:
        array = array.reshape(-1, 2)
    if array.ndim != 2 or array.shape[1] != 2:
        raise GeometryError(f"A polygon must have shape (N, 2), got {array.shape}.")
    if not np.isfinite(array).all():
        raise GeometryError("A polygon has coordinates that are not finite.")
    if np.abs(array).max(initial=0.0) > MAX_COORDINATE:
        raise GeometryError(f"A polygon has coordinates beyond {MAX_COORDINATE:.0f} pixels.")
    return array


def _has_only_numbers(points: Any) -> bool:
    """Whether no list has a boolean, which numpy would take for 0 or 1."""
    if isinstance(points, list | tuple):
        return all(map(_has_only_numbers, points))
    return not isinstance(points, bool | np.bool_)


def shrink_distance(polygon: np.ndarray, ratio: float) -> float:
    """Inward offset of the text kernel, D = A (1 - r^2) / L (PSENet eq. 1, DBNet eq. 10).

    Args:
        polygon: (N, 2) vertices.
        ratio: Shrink ratio r in [0, 1].

    Returns:
        Pixels, not negative; 0 for a polygon without outline.
    """
    length = perimeter(polygon)
    return polygon_area(polygon) * (1.0 - ratio**2) / length if length > 0 else 0.0


def unclip_distance(polygon: np.ndarray, ratio: float) -> float:
    """Outward offset from kernel to text, D' = A' r' / L' (DBNet eq. 11).

    Args:
        polygon: (N, 2) vertices of the kernel.
        ratio: Unclip ratio r', 1.5 in the paper.

    Returns:
        Pixels, not negative; 0 for a polygon without outline.
    """
    length = perimeter(polygon)
    return polygon_area(polygon) * ratio / length if length > 0 else 0.0


def offset_polygon(
    polygon: np.ndarray, distance: float, join_style: Literal["round", "mitre"] = "round"
) -> list[np.ndarray]:
    """Offset an outline: Minkowski sum or difference with a disc of radius ``distance``.

    Args:
        polygon: (N, 2) vertices, any orientation.
        distance: Pixels; positive grows, negative shrinks.
        join_style: Corners of the grown outline: ``"round"`` as in the disc's sum, or ``"mitre"``,
            which keeps a strip's corners sharp for :func:`order_polygon`.

    Returns:
        Outlines, each (M, 2) float32, clockwise, largest first. Shrinking may give none or several;
        holes are dropped.
    """
    grown = shapely.buffer(
        polygon_to_shapely(polygon), distance, quad_segs=8, join_style=join_style
    )
    parts = [part for part in shapely.get_parts(grown) if not shapely.is_empty(part)]
    parts.sort(key=shapely.area, reverse=True)
    # shapely's exteriors repeat the first vertex; y pointing down turns "ccw" into clockwise.
    rings = [shapely.get_coordinates(part.exterior)[:-1] for part in parts]
    return [
        np.ascontiguousarray(ring if is_clockwise(ring) else ring[::-1], dtype=np.float32)
        for ring in rings
    ]


def offset_rectangle(rectangle: np.ndarray, distance: float) -> np.ndarray:
    """Move the four sides of a rectangle outward, in closed form.

    Equals ``min_area_rect(offset_polygon(rectangle, distance)[0])`` for an outward offset.

    Args:
        rectangle: (4, 2) corners of a (rotated) rectangle in cyclic order.
        distance: Pixels; positive grows, negative shrinks.

    Returns:
        (4, 2) float32, corners in the order given.

    Raises:
        GeometryError: The rectangle has no area, or shrinking leaves nothing of it.
    """
    corners = np.asarray(rectangle, dtype=np.float64).reshape(4, 2)
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    width, height = float(np.hypot(*along)), float(np.hypot(*across))
    if min(width, height) < _EMPTY_AREA:
        raise GeometryError("A rectangle without area cannot be offset.")
    if min(width, height) + 2 * distance <= 0:
        raise GeometryError(f"Shrinking by {-distance:g} px leaves nothing of the rectangle.")
    u, v = along / width * distance, across / height * distance
    return (corners + np.stack([-u - v, u - v, u + v, v - u])).astype(np.float32)


def transform_points(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply an affine or projective map to points.

    Args:
        points: (..., 2) coordinates.
        matrix: (2, 3) affine or (3, 3) projective matrix acting on column vectors (x, y, 1).

    Returns:
        Array of the shape of ``points``, float32.

    Raises:
        GeometryError: The matrix has another shape.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.shape not in ((2, 3), (3, 3)):
        raise GeometryError(f"A transform must be 2x3 or 3x3, got {matrix.shape}.")
    source = np.asarray(points, dtype=np.float64)
    mapped = source @ matrix[:2, :2].T + matrix[:2, 2]
    if matrix.shape == (3, 3):
        mapped = mapped / (source @ matrix[2, :2] + matrix[2, 2])[..., None]
    return mapped.astype(np.float32)


def clip_polygon(polygon: np.ndarray, width: float, height: float) -> np.ndarray | None:
    """The part of a polygon inside an image (Sutherland-Hodgman).

    Orientation and reading start are kept: a cut first corner is replaced by the cut's start.

    Args:
        polygon: (N, 2) vertices.
        width: Image width in pixels.
        height: Image height in pixels.

    Returns:
        (M, 2) float32, or ``None`` when nothing with an area is left. A concave polygon that falls
        apart stays one outline whose parts are joined along the border.
    """
    points = np.asarray(polygon, dtype=np.float64)
    for axis, sign, bound in ((0, 1, 0.0), (0, -1, -width), (1, 1, 0.0), (1, -1, -height)):
        inside = sign * points[:, axis] - bound
        kept: list[np.ndarray] = []
        for i, point in enumerate(points):
            before = inside[i - 1]
            if (before < 0) != (inside[i] < 0):
                share = before / (before - inside[i])
                kept.append(points[i - 1] + share * (point - points[i - 1]))
            if inside[i] >= 0:
                kept.append(point)
        if len(kept) < 3:
            return None
        points = np.stack(kept)
    if polygon_area(points) < _EMPTY_AREA:
        return None
    return points.astype(np.float32)
