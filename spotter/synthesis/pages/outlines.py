"""Outlines of words as pairs of sides: their height, and room around them."""

from __future__ import annotations

import numpy as np

from spotter.geometry import clip_polygon, polygon_area

# Words of which less than this many square pixels lie in the photo have no label.
LEAST_VISIBLE = 2.0


def outline_height(polygon: np.ndarray) -> float:
    """Mean distance of the paired vertices of an outline's two long sides, in pixels.

    Args:
        polygon: (2n, 2) vertices, the first n along the top side in reading direction.
    """
    half = len(polygon) // 2
    links = polygon[half:][::-1] - polygon[:half]
    return float(np.linalg.norm(links, axis=1).mean())


def grow_outline(
    polygon: np.ndarray, above: float, below: float, before: float, after: float
) -> np.ndarray:
    """An outline with room around it; negative distances cut.

    Args:
        polygon: (2n, 2) vertices, the first n along the top side in reading direction.
        above: Pixels by which the top side moves away from the bottom side.
        below: Pixels by which the bottom side moves away from the top side.
        before: Pixels by which both sides begin earlier.
        after: Pixels by which both sides end later.

    Returns:
        (2n, 2) float32.
    """
    half = len(polygon) // 2
    top: np.ndarray = polygon[:half].astype(np.float64)
    bottom: np.ndarray = polygon[half:][::-1].astype(np.float64)
    links = bottom - top
    links /= np.maximum(np.linalg.norm(links, axis=1, keepdims=True), 1e-6)
    sides = []
    for side, shift in ((top, -above), (bottom, below)):
        start, end = side[1] - side[0], side[-1] - side[-2]
        moved = side + links * shift
        moved[0] -= start / max(float(np.linalg.norm(start)), 1e-6) * before
        moved[-1] += end / max(float(np.linalg.norm(end)), 1e-6) * after
        sides.append(moved)
    return np.concatenate([sides[0], sides[1][::-1]]).astype(np.float32)


def visible_outline(polygon: np.ndarray, size: tuple[int, int]) -> np.ndarray | None:
    """The part of an outline that lies in the photo.

    Args:
        polygon: (2n, 2) vertices.
        size: Height and width of the photo.

    Returns:
        The vertices themselves where all lie inside; else (2m, 2) float32, or ``None`` where less
        than two square pixels are seen.
    """
    frame = np.array([size[1], size[0]], np.float32)
    if ((polygon >= 0) & (polygon <= frame)).all():
        return polygon
    part = clip_polygon(polygon, size[1], size[0])
    if part is None or polygon_area(part) < LEAST_VISIBLE:
        return None
    part = np.clip(part, 0, frame).astype(np.float32)
    return part if len(part) % 2 == 0 and len(part) >= 4 else np.concatenate([part, part[-1:]])
