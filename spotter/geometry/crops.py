"""Crops of words: perspective for quadrilaterals, strip rectification for curves, windows."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.errors import GeometryError
from spotter.geometry.vertex_order import polygon_sides, resample_polyline

# cv2.warpPerspective and cv2.remap keep coordinates in 16 bits.
_MAX_SIDE = 32000


def _region(img: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part of an image around points, and the points relative to it.

    Warps fail on images beyond 32,767 px per side; the neighbourhood of one word is small.
    """
    if not np.isfinite(points).all():
        raise GeometryError("A crop's outline has coordinates that are not finite.")
    height, width = img.shape[:2]
    margin = 4
    low = np.floor(points.min(axis=0)).astype(int) - margin
    high = np.ceil(points.max(axis=0)).astype(int) + margin
    x0, y0 = np.clip(low, 0, (max(width - 1, 0), max(height - 1, 0)))
    x1, y1 = np.maximum(np.minimum(high, (width, height)), (x0 + 1, y0 + 1))
    return img[y0:y1, x0:x1], points - (x0, y0)


def _fit(native: tuple[float, float], height: int | None) -> tuple[int, int, int, int]:
    """Width and height of the warp and of the result, in pixels.

    A warp that shrinks a lot skips pixels, so it is done at native size and then reduced by area.
    """
    full_w, full_h = (int(np.clip(round(side), 1, _MAX_SIDE)) for side in native)
    if height is None:
        return full_w, full_h, full_w, full_h
    width = int(np.clip(round(native[0] * height / max(native[1], 1e-6)), 1, _MAX_SIDE))
    if full_h > height:
        return full_w, full_h, width, height
    return width, height, width, height


def grow_quad(quad: np.ndarray, margin: float, ends: float | None = None) -> np.ndarray:
    """Move the sides of a quadrilateral outward.

    Args:
        quad: (4, 2) corners in order.
        margin: Distance as a share of the shorter of its two extents.
        ends: Distance of the second and the fourth side, where a word ends and begins; default:
            ``margin``.

    Returns:
        (4, 2) float32; the very same corners for margin 0.
    """
    ends = margin if ends is None else ends
    if margin == ends == 0:
        return quad
    along = (quad[1] + quad[2] - quad[0] - quad[3]) / 2
    across = (quad[2] + quad[3] - quad[0] - quad[1]) / 2
    lengths = np.maximum([np.linalg.norm(along), np.linalg.norm(across)], 1e-6)
    u, v = (
        axis / length * share * lengths.min()
        for axis, length, share in zip((along, across), lengths, (ends, margin), strict=True)
    )
    return (quad + np.stack([-u - v, u - v, u + v, v - u])).astype(np.float32)


def grow_strip(strip: np.ndarray, margin: float) -> np.ndarray:
    """Move the sides of a strip outward.

    Args:
        strip: (2n, 2), the first n points along the top side, the others back along the bottom.
        margin: Distance as a share of the strip's mean height.

    Returns:
        (2n, 2) float32; the very same points for margin 0.
    """
    if margin == 0:
        return strip
    half = len(strip) // 2
    top: np.ndarray = strip[:half].astype(np.float64)
    bottom: np.ndarray = strip[half:][::-1].astype(np.float64)
    depth = float(np.linalg.norm(bottom - top, axis=1).mean())
    down = (bottom - top) / np.maximum(np.linalg.norm(bottom - top, axis=1), 1e-6)[:, None]
    top, bottom = top - margin * depth * down, bottom + margin * depth * down
    for side in (top, bottom):
        for end, inner in ((0, 1), (-1, -2)):
            step = side[end] - side[inner]
            side[end] += step * margin * depth / max(float(np.linalg.norm(step)), 1e-6)
    return np.concatenate([top, bottom[::-1]]).astype(np.float32)


def native_size(outline: np.ndarray) -> tuple[int, int]:
    """Width and height of an upright crop in photo pixels, each at least 1.

    Args:
        outline: (4, 2) corners, of which the longer of opposite sides count; or (N, 2) of a strip,
            N > 4, as for :func:`crop_polygon`, of which the mean lengths count.
    """
    if len(outline) == 4:
        sides = np.linalg.norm(np.roll(outline, -1, axis=0) - outline, axis=1)
        size = max(sides[0], sides[2]), max(sides[1], sides[3])
    else:
        top, bottom = _strip_sides(outline)
        lengths = [np.linalg.norm(np.diff(side, axis=0), axis=1).sum() for side in (top, bottom)]
        size = np.mean(lengths), _mean_depth(top, bottom)
    return max(1, round(float(size[0]))), max(1, round(float(size[1])))


def _strip_sides(outline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Top and bottom side of a strip, both in reading direction."""
    half = len(outline) // 2
    if len(outline) % 2:
        top, bottom = polygon_sides(outline)
        return top.astype(np.float64), bottom.astype(np.float64)
    return outline[:half], outline[half:][::-1]


def _mean_depth(top: np.ndarray, bottom: np.ndarray) -> float:
    """Mean distance of points at equal shares of the two sides."""
    shares = np.linspace(0, 1, 16)
    links = resample_polyline(bottom, shares) - resample_polyline(top, shares)
    return float(np.linalg.norm(links, axis=1).mean())


def crop_quad(
    img: np.ndarray,
    quad: np.ndarray,
    height: int | None = None,
    border: int = cv2.BORDER_REPLICATE,
) -> np.ndarray:
    """Cut a quadrilateral out of an image and make it upright by a perspective warp.

    An upright rectangle with whole-number corners gives exactly the pixels inside it.

    Args:
        img: (H, W) or (H, W, C) uint8.
        quad: (4, 2) corners clockwise from the top-left in reading direction; they may lie outside.
        height: Height of the result in pixels, the width follows; ``None`` keeps the native size
            (longer of each pair of opposite sides).
        border: OpenCV border mode for what lies outside the image.

    Returns:
        (h, w) or (h, w, C) uint8, at least one pixel.

    Raises:
        GeometryError: Not four finite corners.
    """
    corners = np.asarray(quad, dtype=np.float64)
    if corners.shape != (4, 2):
        raise GeometryError(f"A quadrilateral must be four points, got {corners.shape}.")
    img, corners = _region(img, corners)
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    native = (max(sides[0], sides[2]), max(sides[1], sides[3]))
    warp_w, warp_h, out_w, out_h = _fit(native, height)
    target = np.array([[0, 0], [warp_w, 0], [warp_w, warp_h], [0, warp_h]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    # OpenCV puts whole numbers at pixel centres; ours are pixel corners.
    to_corner = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    matrix = np.linalg.inv(to_corner) @ matrix @ to_corner
    crop = cv2.warpPerspective(
        img, matrix, (warp_w, warp_h), flags=cv2.INTER_CUBIC, borderMode=border
    )
    if (warp_w, warp_h) != (out_w, out_h):
        crop = cv2.resize(crop, (out_w, out_h), interpolation=cv2.INTER_AREA)
    return crop


def crop_polygon(
    img: np.ndarray,
    polygon: np.ndarray,
    height: int | None = None,
    border: int = cv2.BORDER_REPLICATE,
) -> np.ndarray:
    """Cut a curved word out of an image and straighten it.

    Column t of the result runs straight from the top side to the bottom side, at share t of the arc
    length of each.

    Args:
        img: (H, W) or (H, W, C) uint8.
        polygon: (N, 2) vertices, N >= 4. With an even count they are taken in order: the first half
            is the top side in reading direction (see :func:`order_polygon`). An odd count is split
            by :func:`polygon_sides`. Four give :func:`crop_quad`.
        height: Height of the result in pixels, the width follows; ``None`` keeps the native size
            (mean arc length, mean distance of the sides).
        border: OpenCV border mode for what lies outside the image.

    Returns:
        (h, w) or (h, w, C) uint8, at least one pixel.

    Raises:
        GeometryError: Fewer than four vertices, or values that are not finite.
    """
    points = np.asarray(polygon, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 4:
        raise GeometryError(f"A text outline needs four or more points, got {points.shape}.")
    if len(points) == 4:
        return crop_quad(img, points, height, border)
    img, points = _region(img, points)
    top, bottom = _strip_sides(points)
    lengths = [np.linalg.norm(np.diff(side, axis=0), axis=1).sum() for side in (top, bottom)]
    native = (float(np.mean(lengths)), _mean_depth(top, bottom))
    warp_w, warp_h, out_w, out_h = _fit(native, height)
    shares = (np.arange(warp_w) + 0.5) / warp_w
    upper, lower = resample_polyline(top, shares), resample_polyline(bottom, shares)
    depth = ((np.arange(warp_h) + 0.5) / warp_h)[:, None, None]
    grid = (upper * (1 - depth) + lower * depth - 0.5).astype(np.float32)
    crop = cv2.remap(
        img, grid[..., 0], grid[..., 1], interpolation=cv2.INTER_CUBIC, borderMode=border
    )
    if (warp_w, warp_h) != (out_w, out_h):
        crop = cv2.resize(crop, (out_w, out_h), interpolation=cv2.INTER_AREA)
    return crop


def sliding_windows(
    width: int, height: int, size: int, overlap: int
) -> list[tuple[int, int, int, int]]:
    """Square windows that cover an image evenly.

    Args:
        width: Image width in pixels.
        height: Image height in pixels.
        size: Side of a window in pixels; smaller images give one window of their own size.
        overlap: Least overlap of neighbours in pixels, below ``size``.

    Returns:
        (x0, y0, x1, y1), row by row; the last window of a row ends at the border.

    Raises:
        GeometryError: An overlap that is negative or not below the size.
    """
    if not 0 <= overlap < size:
        raise GeometryError(f"The overlap must be in [0, {size}), got {overlap}.")

    def starts(length: int) -> list[int]:
        if length <= size:
            return [0]
        count = -(-(length - overlap) // (size - overlap))
        # Steps average at most size - overlap, a whole number, so rounding cannot exceed it.
        return [i * (length - size) // (count - 1) for i in range(count)]

    return [
        (x, y, min(x + size, width), min(y + size, height))
        for y in starts(height)
        for x in starts(width)
    ]
