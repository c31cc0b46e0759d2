"""Cut words out of a photo at the recognizer's input size, in every plausible direction."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from spotter.errors import GeometryError
from spotter.geometry import (
    grow_quad,
    grow_strip,
    min_area_rect,
    native_size,
    order_vertices,
    resample_polyline,
    strip_polygon,
)
from spotter.pipeline.vertical_text import lay_out_horizontally

# Warps interpolate between four pixels; above this reduction they would skip some.
_LARGEST_WARP_REDUCTION = 1.5
_STRIP_POINTS = 8
# A column of two characters is that much higher than wide; below that width there is little to see.
_VERTICAL_ASPECT, _VERTICAL_WIDTH, _VERTICAL_HEIGHT = 1.5, 6, 1024
_LARGEST_HEIGHT = 96


@dataclass(frozen=True)
class Direction:
    """One way to read a word.

    Attributes:
        outline: (N, 2) the detected polygon, from the first character's top-left corner.
        cut: What is cut out: (4, 2) corners, or a (2n, 2) strip whose first half is the top side.
        rotation: Degrees by which the upright crop is turned clockwise.
        vertical: Whether its characters are upright, one below the other
            (:func:`lay_out_horizontally`).
        spaced: Whether it is letterspaced (:func:`spotter.pipeline.ink.tighten`).
    """

    outline: np.ndarray
    cut: np.ndarray
    rotation: int = 0
    vertical: bool = False
    spaced: bool = False

    def reversed(self) -> Direction:
        """The same word, read the other way round."""
        half = len(self.cut) // 2
        cut = np.roll(self.cut, -half, axis=0)
        turned = (self.rotation + 180) % 360
        return Direction(_starting_at(self.outline, cut[0]), cut, turned)


def reading_directions(polygon: np.ndarray, margin: float = 0.0) -> list[Direction]:
    """The directions in which a detected word may run.

    A word is tall if its longer axis is closer to the vertical. Its characters may then be upright,
    one below the other, or the whole word may be turned by 90 degrees to either side.

    Args:
        polygon: (N, 2), N >= 4, as the post-processor orders it (:func:`order_vertices`,
            :func:`order_polygon`): of 2n points, the first n are the top side.
        margin: Share of the word's height by which the crop reaches beyond the polygon on every
            side.

    Returns:
        One direction; or three for a tall word: upright, along the polygon, and against it.

    Raises:
        GeometryError: Fewer than four points.
    """
    polygon = np.asarray(polygon, np.float32)
    if polygon.ndim != 2 or len(polygon) < 4:
        raise GeometryError(f"A word's outline needs four or more points, got {polygon.shape}.")
    if len(polygon) == 4:
        cut = grow_quad(polygon, margin)
    else:
        paired = len(polygon) % 2 == 0
        cut = grow_strip(polygon if paired else strip_polygon(polygon, _STRIP_POINTS), margin)
    along = _axis(cut)
    forward = Direction(_starting_at(polygon, cut[0]), cut)
    if abs(along[1]) <= abs(along[0]):
        return [forward]
    down = bool(along[1] > 0)
    upright = _upright_corners(cut, down)
    # A word that runs down has to be turned back, anticlockwise.
    turns = (270, 90) if down else (90, 270)
    return [
        Direction(_starting_at(polygon, upright[0]), upright, 0),
        replace(forward, rotation=turns[0]),
        replace(forward.reversed(), rotation=turns[1]),
    ]


def image_directions(width: int, height: int, turn: bool = True) -> list[Direction]:
    """The directions in which a word crop of (width, height) pixels may run.

    Args:
        width: Width of the crop.
        height: Height of the crop.
        turn: Try the quarter turns of tall crops.
    """
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return reading_directions(order_vertices(corners)) if turn else [Direction(corners, corners)]


def cut_word(img: np.ndarray, cut: np.ndarray, width: int, height: int) -> np.ndarray:
    """Cut a word out of a photo at the size of the recognizer's input, in one warp.

    If the word is much larger than the result, the photo around it is first reduced by area
    averaging, so that no pixel is skipped. Outside of the photo, its border pixels are repeated.

    Args:
        img: (H, W, 3) uint8.
        cut: See :class:`Direction`.
        width: Width of the result.
        height: Height of the result.

    Returns:
        (height, width, 3) uint8.

    Raises:
        GeometryError: Coordinates that are not finite.
    """
    points = np.asarray(cut, np.float64)
    if not np.isfinite(points).all():
        raise GeometryError("A crop's outline has coordinates that are not finite.")
    density = _sampling_density(points, width, height)
    img, points = _neighbourhood(img, points, density)
    if len(points) == 4:
        target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        # OpenCV puts whole numbers at pixel centres; ours are pixel corners.
        matrix = cv2.getPerspectiveTransform(target - 0.5, (points - 0.5).astype(np.float32))
        return cv2.warpPerspective(
            img,
            matrix,
            (width, height),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    top, bottom = _strip_sides(points)
    shares = (np.arange(width) + 0.5) / width
    upper, lower = resample_polyline(top, shares), resample_polyline(bottom, shares)
    depth = ((np.arange(height) + 0.5) / height)[:, None, None]
    grid = (upper * (1 - depth) + lower * depth - 0.5).astype(np.float32)
    columns, rows = grid[..., 0], grid[..., 1]
    return cv2.remap(img, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def cut_upright(img: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Cut a word out at its own size, up to a limit: (h, w, 3) uint8.

    Args:
        img: (H, W, 3) uint8.
        cut: See :class:`Direction`.

    Raises:
        GeometryError: Coordinates that are not finite.
    """
    width, height = native_size(cut)
    share = min(1.0, _LARGEST_HEIGHT / height)
    return cut_word(img, cut, max(round(width * share), 1), max(round(height * share), 1))


def cut_vertical(img: np.ndarray, cut: np.ndarray) -> np.ndarray | None:
    """Cut out a word of vertical text and place its characters side by side, at its own size.

    Args:
        img: (H, W, 3) uint8.
        cut: (4, 2) corners of the upright column, in pixels of ``img``.

    Returns:
        (h, w, 3) uint8, or ``None`` if the region is too short or too narrow, or is not a column of
        characters.

    Raises:
        GeometryError: Coordinates that are not finite.
    """
    width, height = (max(round(side), 1) for side in native_size(cut))
    if height < _VERTICAL_ASPECT * width or width < _VERTICAL_WIDTH:
        return None
    share = min(1.0, _VERTICAL_HEIGHT / height)
    size = (max(round(width * share), 1), round(height * share))
    return lay_out_horizontally(cut_word(img, cut, *size))


def _axis(cut: np.ndarray) -> np.ndarray:
    """Vector from the middle of the strip's first end to the middle of its last."""
    half = len(cut) // 2
    return (cut[half - 1] + cut[half]) / 2 - (cut[0] + cut[-1]) / 2


def _strip_sides(cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Top and bottom side, both in reading direction."""
    half = len(cut) // 2
    return cut[:half], cut[half:][::-1]


def _starting_at(polygon: np.ndarray, point: np.ndarray) -> np.ndarray:
    nearest = int(np.argmin(np.linalg.norm(polygon - point, axis=1)))
    return np.roll(polygon, -nearest, axis=0)


def _upright_corners(cut: np.ndarray, down: bool) -> np.ndarray:
    """The box of a tall word with its top side up."""
    corners = cut
    if len(cut) != 4:
        corners = min_area_rect(cut)
        along = _axis(corners)
        if abs(along[1]) <= abs(along[0]):
            return corners
        down = bool(along[1] > 0)
    # A word that runs down begins at the right of its upright box's top side.
    return np.roll(corners, 1 if down else -1, axis=0)


def _sampling_density(points: np.ndarray, width: int, height: int) -> np.ndarray:
    """Result pixels per photo pixel along the photo's x and y axes, (2,)."""
    native_w, native_h = (max(side, 1e-6) for side in native_size(points))
    along = _axis(points)
    u = along / max(float(np.hypot(*along)), 1e-9)
    along_share, across_share = width / native_w, height / native_h
    return np.array(
        [
            np.hypot(u[0] * along_share, u[1] * across_share),
            np.hypot(u[1] * along_share, u[0] * across_share),
        ]
    )


def _neighbourhood(
    img: np.ndarray, points: np.ndarray, density: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a photo around points, reduced to the density, and the points in it."""
    height, width = img.shape[:2]
    # Flat outlines have no density along one of the axes.
    reduced = (density > 0) & (density * _LARGEST_WARP_REDUCTION < 1)
    factors = np.where(reduced, density, 1.0)
    margin = np.ceil(4 / factors).astype(int)
    low = np.clip(
        np.floor(points.min(axis=0)).astype(int) - margin,
        0,
        (max(width - 1, 0), max(height - 1, 0)),
    )
    high = np.ceil(points.max(axis=0)).astype(int) + margin
    x1, y1 = np.maximum(np.minimum(high, (width, height)), low + 1)
    region, points = img[low[1] : y1, low[0] : x1], points - low
    if (factors == 1).all():
        return region, points
    size = np.array([x1 - low[0], y1 - low[1]])
    reduced = np.maximum(np.round(size * factors), 1).astype(int)
    region = cv2.resize(region, tuple(reduced.tolist()), interpolation=cv2.INTER_AREA)
    return region, points * (reduced / size)
