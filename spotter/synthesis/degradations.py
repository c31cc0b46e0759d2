"""Degradations of a camera: light, blur, motion, sampling, sharpening, noise and JPEG."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np


@lru_cache(maxsize=512)
def motion_kernel(length: int, degrees: int) -> np.ndarray:
    """(k, k) float32 line of a camera's path, odd side, sum 1."""
    side = length | 1
    kernel: np.ndarray = np.zeros((side, side), np.float32)
    middle = side // 2
    dx = np.cos(np.deg2rad(degrees)) * (length - 1) / 2
    dy = np.sin(np.deg2rad(degrees)) * (length - 1) / 2
    start = (round(middle - dx), round(middle - dy))
    cv2.line(kernel, start, (round(middle + dx), round(middle + dy)), 1.0, 1, cv2.LINE_AA)
    return kernel / kernel.sum()


@lru_cache(maxsize=64)
def disk_kernel(tenths: int) -> np.ndarray:
    """(k, k) float32 disk of a lens out of focus, radius in tenths of a pixel, sum 1."""
    radius = tenths / 10
    reach = int(np.ceil(radius))
    axis = np.arange(-reach, reach + 1)
    distance = np.hypot(axis[:, None], axis[None, :])
    kernel = np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32)
    return kernel / kernel.sum()


def light(rng: np.random.Generator, image: np.ndarray, haze: float = 0.3) -> np.ndarray:
    """Uneven light, exposure, tint and contrast; (H, W, 3) float32 in and out, 0 to 255.

    ``haze`` is the probability that a veil of light lowers the contrast.
    """
    height, width = image.shape[:2]
    gain = float(np.exp(rng.normal(-0.18, 0.35))) if rng.random() < 0.7 else 1.0
    tint = 1 + rng.normal(0, 0.05, 3) if rng.random() < 0.5 else np.ones(3)
    factors = (min(max(gain, 0.25), 1.5) * tint).astype(np.float32)
    if rng.random() < 0.35:
        dx, dy = rng.normal(0, 0.22, 2)
        ramp_x = np.linspace(-dx, dx, width, dtype=np.float32)[None, :]
        ramp_y = np.linspace(-dy, dy, height, dtype=np.float32)[:, None]
        image = image * np.clip(1 + ramp_x + ramp_y, 0.3, 1.7)[..., None]
    image = image * factors
    if rng.random() < haze:
        # Haze and flare: contrast shrinks towards a veil of light.
        veil = 60 + 150 * rng.random()
        keep = 0.35 + 0.6 * rng.random()
        image = image * keep + veil * (1 - keep)
    if rng.random() < 0.25:
        grey = image @ np.array([0.114, 0.587, 0.299], np.float32)
        image = grey[..., None] + (image - grey[..., None]) * (0.2 + 1.1 * rng.random())
    return np.clip(image, 0, 255)


def blur(rng: np.random.Generator, image: np.ndarray, text_height: float) -> np.ndarray:
    """Lens blur, defocus or camera shake whose strength follows the height of the text."""
    shape = rng.random()
    if shape < 0.2:
        return image
    strength = rng.random() ** 1.6
    if shape < 0.68:
        sigma = max(0.3, text_height * (0.01 + 0.065 * strength))
        return cv2.GaussianBlur(image, (0, 0), sigma)
    if shape < 0.8:
        radius = max(0.6, text_height * (0.03 + 0.08 * strength))
        return cv2.filter2D(image, -1, disk_kernel(int(radius * 10)))
    length = max(2, round(text_height * (0.08 + 0.2 * strength)))
    # Hands shake along any direction, but mostly sideways.
    degrees = int(rng.normal(0, 25) if rng.random() < 0.5 else rng.random() * 180) % 180
    return cv2.filter2D(image, -1, motion_kernel(length, degrees // 6 * 6))


def resample(rng: np.random.Generator, image: np.ndarray, text_height: float) -> np.ndarray:
    """Fewer pixels and back: what digital zoom and thumbnails leave of small print."""
    height, width = image.shape[:2]
    # Below about 9 px of height words cannot be read.
    least = min(1.0, 9.0 / text_height)
    scale = max(least, 0.3 + 0.6 * rng.random())
    small = (max(4, round(width * scale)), max(4, round(height * scale)))
    down = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST)[int(rng.random() * 2.15)]
    up = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[int(rng.random() * 2.08)]
    reduced = cv2.resize(image, small, interpolation=down)
    return cv2.resize(reduced, (width, height), interpolation=up)


def sharpen(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Unsharp masking: the halos that cheap cameras draw around strokes."""
    sigma = 0.7 + 1.3 * rng.random()
    amount = 0.4 + 1.6 * rng.random()
    return cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (0, 0), sigma), -amount, 0)


def noise(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Sensor noise: grey or coloured, fine or, after in-camera smoothing, in grains."""
    height, width = image.shape[:2]
    deviation = 1.0 + 8.0 * rng.random() ** 2
    channels = 3 if rng.random() < 0.5 else 1
    grain = rng.standard_normal((height, width, channels), np.float32)
    if rng.random() < 0.4:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.8).reshape(grain.shape) * 1.6
    return image + grain * deviation


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """(H, W, 3) uint8 after a JPEG round trip."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def degrade(
    rng: np.random.Generator, image: np.ndarray, text_height: float, haze: float = 0.3
) -> np.ndarray:
    """A camera's whole chain, each link with a chance of its own.

    Args:
        rng: Source of all randomness.
        image: (H, W, 3) float32 BGR, 0 to 255.
        text_height: Height of the smallest text that must stay readable, in pixels.
        haze: See :func:`light`.

    Returns:
        (H, W, 3) uint8.
    """
    image = light(rng, image, haze)
    image = blur(rng, image, text_height)
    if text_height > 14 and rng.random() < 0.3:
        image = resample(rng, image, text_height)
    if rng.random() < 0.5:
        image = noise(rng, image)
    if rng.random() < 0.3:
        image = sharpen(rng, image)
    result = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        result = jpeg(result, 25 + int(rng.random() * 70))
    return result
