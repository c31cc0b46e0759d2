"""How letters are painted: fill, gradient, texture, outline, shadow, glow, relief."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from spotter.synthesis.colors import contrasting, luma, paint


def blend(image: np.ndarray, alpha: np.ndarray, color: np.ndarray) -> None:
    """Lay a colour over an image in place.

    Args:
        image: (H, W, 3) float32.
        alpha: (H, W) float32 in [0, 1].
        color: (3,) or (H, W, 3) float32.
    """
    image += (color - image) * alpha[..., None]


def shift(alpha: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """The mask moved by a vector in pixels, empty where nothing moves in."""
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return cv2.warpAffine(alpha, move, alpha.shape[::-1])


def grow(alpha: np.ndarray, radius: float) -> np.ndarray:
    """The mask dilated by a disk; fractions of a pixel are blended between two disks."""
    whole = int(radius)
    result = cv2.dilate(alpha, _disk(whole)) if whole else alpha
    part = radius - whole
    if part > 0.05:
        result = result * (1 - part) + cv2.dilate(alpha, _disk(whole + 1)) * part
    return result


def thin(alpha: np.ndarray, radius: float) -> np.ndarray:
    """The mask eroded by a disk, see :func:`grow`."""
    return 1.0 - grow(1.0 - alpha, radius)


def _disk(radius: int) -> np.ndarray:
    side = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def shadow(rng: np.random.Generator, image: np.ndarray, alpha: np.ndarray, unit: float) -> None:
    """The shadow that letters cast on what is behind them.

    Args:
        rng: Source of all randomness.
        image: (H, W, 3) float32 BGR, 0 to 255, painted in place.
        alpha: (H, W) float32 in [0, 1], the letters.
        unit: Height of the text in pixels.
    """
    angle = rng.random() * 2 * np.pi
    reach = unit * (0.03 + 0.1 * rng.random())
    cast = shift(alpha, np.cos(angle) * reach, np.sin(angle) * reach)
    if rng.random() < 0.7:
        cast = cv2.GaussianBlur(cast, (0, 0), 0.3 + unit * 0.06 * rng.random())
    dark = rng.random() < 0.85
    color: np.ndarray = np.full(
        3, 25.0 * rng.random() if dark else 200 + 55 * rng.random(), np.float32
    )
    blend(image, cast * np.float32(0.35 + 0.6 * rng.random()), color)


def glow(rng: np.random.Generator, image: np.ndarray, alpha: np.ndarray, unit: float) -> None:
    """The light around letters that shine.

    Args:
        rng: Source of all randomness.
        image: (H, W, 3) float32 BGR, 0 to 255, painted in place.
        alpha: (H, W) float32 in [0, 1], the letters.
        unit: Height of the text in pixels.
    """
    halo = cv2.GaussianBlur(grow(alpha, unit * 0.05), (0, 0), 0.5 + unit * 0.15 * rng.random())
    color = paint(rng) * 0.5 + 127
    blend(image, np.clip(halo * np.float32(0.5 + 0.7 * rng.random()), 0, 1), color)


def relief(rng: np.random.Generator, image: np.ndarray, alpha: np.ndarray, unit: float) -> None:
    """The side walls of solid letters, seen at an angle.

    Args:
        rng: Source of all randomness.
        image: (H, W, 3) float32 BGR, 0 to 255, painted in place.
        alpha: (H, W) float32 in [0, 1], the letters.
        unit: Height of the text in pixels.
    """
    angle = rng.random() * 2 * np.pi
    depth = max(1.0, unit * (0.04 + 0.12 * rng.random()))
    steps = max(1, round(depth))
    wall = alpha
    for step in range(1, steps + 1):
        reach = depth * step / steps
        wall = np.maximum(wall, shift(alpha, np.cos(angle) * reach, np.sin(angle) * reach))
    blend(image, wall, paint(rng) * np.float32(0.3 + 0.5 * rng.random()))


def _outline(
    rng: np.random.Generator, image: np.ndarray, alpha: np.ndarray, unit: float, fill: np.ndarray
) -> None:
    width = max(0.6, unit * (0.02 + 0.07 * rng.random()))
    blend(image, grow(alpha, width), contrasting(rng, fill, 70.0))


def _fill(
    rng: np.random.Generator,
    image: np.ndarray,
    color: np.ndarray,
    texture: Callable[[], np.ndarray],
) -> np.ndarray:
    """(3,) or (H, W, 3) float32 colours of the letters' faces."""
    shape = rng.random()
    if shape < 0.7:
        return color
    if shape < 0.82:
        share = np.linspace(0, 1, image.shape[0], dtype=np.float32)[:, None, None]
        other = color * np.float32(0.55 + 0.3 * rng.random()) + 60 * np.float32(rng.random())
        return np.broadcast_to(color + (other - color) * share, image.shape)
    if shape < 0.9:
        grain: np.ndarray = texture().astype(np.float32)
        return np.clip(color + (grain - grain.mean(axis=(0, 1))) * 0.7, 0, 255)
    # Paint that lets the surface's own relief through, as seamless (mixed-gradient) cloning does.
    detail = image - cv2.GaussianBlur(image, (0, 0), max(2.0, image.shape[0] / 8))
    return np.clip(color + detail * np.float32(0.5 + 0.5 * rng.random()), 0, 255)


def paint_text(
    rng: np.random.Generator,
    image: np.ndarray,
    alpha: np.ndarray,
    color: np.ndarray,
    unit: float,
    texture: Callable[[], np.ndarray],
) -> None:
    """Paint letters over an image in place.

    Args:
        rng: Source of all randomness.
        image: (H, W, 3) float32 BGR, 0 to 255.
        alpha: (H, W) float32 in [0, 1], the letters.
        color: (3,) float32 colour of their faces.
        unit: Height of the text in pixels; effects scale with it.
        texture: Gives a (H, W, 3) patch when the faces are to be textured.
    """
    shape = rng.random()
    fill = _fill(rng, image, color, texture)
    if shape < 0.08:
        shadow(rng, image, alpha, unit)
    elif shape < 0.12:
        glow(rng, image, alpha, unit)
    elif shape < 0.18:
        relief(rng, image, alpha, unit)
    elif shape < 0.24:
        _outline(rng, image, alpha, unit, color)
    elif shape < 0.27:
        _outline(rng, image, alpha, unit, color)
        shadow(rng, image, alpha, unit)
    elif shape < 0.29 and unit > 20:
        # Hollow letters: only the stroke's rim is painted.
        alpha = np.clip(grow(alpha, unit * 0.03) - thin(alpha, unit * 0.015), 0, 1)
    if rng.random() < 0.1:
        alpha = alpha * np.float32(0.6 + 0.35 * rng.random())
    blend(image, alpha, fill)


def needed_contrast(image: np.ndarray) -> float:
    """Luma distance that text needs to stand out from a patch: it grows with the clutter."""
    return 55.0 + 1.2 * float(luma(image.reshape(-1, 3)).std())


def readable(image: np.ndarray, ink: np.ndarray, least: float = 10.0) -> bool:
    """Whether letters still differ from what surrounds them.

    Args:
        image: (H, W, 3) uint8.
        ink: (H, W) uint8 coverage of the letters.
        least: Grey levels by which the two mean colours must differ.

    Returns:
        True when the means differ by ``least`` and by 0.7 deviations within the surroundings.
    """
    without = (ink < 40).astype(np.uint8)
    around = cv2.mean(image, without)
    _, deviation = cv2.meanStdDev(image, mask=without)
    letters = cv2.mean(image, (ink > 160).astype(np.uint8))
    distance = np.abs(np.subtract(letters, around))[:3]
    return bool((distance > np.maximum(least, 0.7 * deviation[:, 0])).any())
