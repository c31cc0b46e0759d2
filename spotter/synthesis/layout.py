"""Words set from glyphs: masks, exact character boxes, spacing, stacking and bent baselines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from spotter.synthesis.fonts import FontBank


@dataclass
class TextMask:
    """A word as ink.

    Attributes:
        alpha: (H, W) uint8 coverage.
        quads: (L, 4, 2) float32, the ink of each character, clockwise from its top-left corner;
            x, y in pixels of ``alpha``, pixel edges at whole numbers.
        baseline: Row of ``alpha`` on which the letters stand.
    """

    alpha: np.ndarray
    quads: np.ndarray
    baseline: int


def box_quads(boxes: np.ndarray) -> np.ndarray:
    """(L, 4, 2) corners, clockwise from the top left, of (L, 4) boxes x0, y0, x1, y1."""
    return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2).astype(np.float32)


def paste(canvas: np.ndarray, alpha: np.ndarray, x: int, y: int) -> None:
    """Lay ink over a mask in place; what falls outside is cut off."""
    top, left = max(0, y), max(0, x)
    bottom = min(canvas.shape[0], y + alpha.shape[0])
    right = min(canvas.shape[1], x + alpha.shape[1])
    if top < bottom and left < right:
        region = canvas[top:bottom, left:right]
        np.maximum(region, alpha[top - y : bottom - y, left - x : right - x], out=region)


def set_text(
    fonts: FontBank,
    font: int,
    text: str,
    size: int,
    spacing: float = 0.0,
    vertical: bool = False,
    initial: float = 1.0,
) -> TextMask:
    """Set one word, cropped to its ink.

    Args:
        fonts: Where the glyphs come from.
        font: Index of a font that covers the text.
        text: Characters to set, without spaces.
        size: Pixels per em.
        spacing: Extra distance between characters, in em; may be negative.
        vertical: Stack upright characters from top to bottom.
        initial: Size of the first character in terms of the others'.

    Returns:
        The mask and its character quads, in the order of ``text``.
    """
    sizes = [round(size * initial)] + [size] * (len(text) - 1)
    glyphs = [fonts.glyph(font, *pair) for pair in zip(text, sizes, strict=True)]
    boxes: np.ndarray = np.empty((len(text), 4), np.int32)
    pen, previous = 0.0, ""
    for row, char, glyph in zip(boxes, text, glyphs, strict=True):
        height, width = glyph.alpha.shape
        if vertical:
            x, y = -width // 2, round(pen)
            pen += height + size * (0.12 + spacing)
        else:
            if previous:
                pen += spacing * size + fonts.kerning(font, previous + char, size)
            x, y = round(pen + glyph.left), glyph.top
            pen += glyph.advance
        row[:] = x, y, x + width, y + height
        previous = char
    low = boxes[:, :2].min(axis=0)
    boxes -= np.concatenate([low, low])
    width, height = boxes[:, 2:].max(axis=0)
    alpha = np.zeros((max(1, height), max(1, width)), np.uint8)
    for (x, y, _, _), glyph in zip(boxes.tolist(), glyphs, strict=True):
        paste(alpha, glyph.alpha, x, y)
    return TextMask(alpha, box_quads(boxes), int(-low[1]))


class Arc:
    """Bends a straight line of text along a circle.

    Args:
        width: Length of the straight line in pixels.
        height: Its height; the middle row keeps its length, others stretch or shrink.
        angle: Radians of the circle that the line spans; positive arches the middle upwards.
            Limited where letters would fold over at the circle's centre.
    """

    def __init__(self, width: int, height: int, angle: float) -> None:
        self._half = np.array([width / 2, height / 2])
        self._radius = max(width / max(abs(angle), 1e-3), height * 0.75)
        self._sign = 1.0 if angle > 0 else -1.0
        edge = np.linspace(0, width, 33)
        rim = np.concatenate([np.stack([edge, np.full(33, y)], -1) for y in (0.0, height)])
        bent = self._bend(rim)
        self._low = np.floor(bent.min(axis=0)) - 1
        self.shape = tuple(np.ceil(bent.max(axis=0) - self._low).astype(int)[::-1] + 1)

    def _bend(self, points: np.ndarray) -> np.ndarray:
        theta = (points[..., 0] - self._half[0]) / self._radius
        distance = self._radius - self._sign * (points[..., 1] - self._half[1])
        return np.stack([distance * np.sin(theta), -self._sign * distance * np.cos(theta)], -1)

    def points(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) float32 places, in the bent frame, of points of the straight line."""
        return (self._bend(points) - self._low).astype(np.float32)

    def mask(self, alpha: np.ndarray) -> np.ndarray:
        """The bent mask, of ``self.shape``, of the straight (height, width) uint8 mask."""
        rows, columns = self.shape
        x: np.ndarray
        y: np.ndarray
        x, y = np.meshgrid(
            np.arange(columns, dtype=np.float32) + np.float32(self._low[0] + 0.5),
            np.arange(rows, dtype=np.float32) + np.float32(self._low[1] + 0.5),
        )
        theta = np.arctan2(x, -self._sign * y)
        source_x = theta * self._radius + (self._half[0] - 0.5)
        source_y = (self._radius - np.hypot(x, y)) * self._sign + (self._half[1] - 0.5)
        return cv2.remap(
            alpha, source_x.astype(np.float32), source_y.astype(np.float32), cv2.INTER_LINEAR
        )


def sampled_outline(box: np.ndarray, points: int) -> np.ndarray:
    """(2 * points, 2) float32 along the long sides of a box x0, y0, x1, y1, clockwise."""
    x0, y0, x1, y1 = (float(value) for value in box)
    along = np.linspace(x0, x1, points)
    upper = np.stack([along, np.full(points, y0)], -1)
    lower = np.stack([along[::-1], np.full(points, y1)], -1)
    return np.concatenate([upper, lower]).astype(np.float32)


def see_mask(
    mask: np.ndarray, matrix: np.ndarray, shape: tuple[int, int], scale: float
) -> np.ndarray:
    """A mask seen through a homography.

    Args:
        mask: (H, W) uint8.
        matrix: 3x3, from the mask's coordinates to the result's, pixel edges at whole numbers.
        shape: Height and width of the result.
        scale: About how many result pixels one mask pixel covers per side; the mask is reduced by
            whole areas first when that is below 0.75, else thin strokes would break up.

    Returns:
        ``shape`` uint8.
    """
    if not mask.any():
        return np.zeros(shape, np.uint8)
    height, width = mask.shape
    if scale < 0.75:
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        mask = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([width / small[0], height / small[1], 1.0])
    # Pixel centres, not edges, lie at whole numbers in OpenCV's warps.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ matrix @ half
    return cv2.warpPerspective(mask, matrix, shape[::-1], flags=cv2.INTER_LINEAR)
