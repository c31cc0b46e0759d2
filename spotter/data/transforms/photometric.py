"""Changes of colour and sharpness as plain functions; they move no pixel by more than a blur.

Every function takes a uint8 BGR (H, W, 3) image and returns a new one of the same shape.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from spotter.data.randomness import integer

# ITU-R BT.601 luma of BGR.
_LUMA = np.array([0.114, 0.587, 0.299])
_NOISE_BANK_SIZE = 1 << 21


def color_matrix(
    brightness: float = 0.0, contrast: float = 1.0, saturation: float = 1.0, hue: float = 0.0
) -> np.ndarray:
    """Brightness, contrast, saturation and hue as one affine map of BGR.

    Args:
        brightness: Added to every channel, 0..255 scale.
        contrast: Factor about mid-grey.
        saturation: Factor about the pixel's luma (0 is grey).
        hue: Rotation about the grey axis in radians.

    Returns:
        (3, 4) float64 for :func:`apply_color_matrix`.
    """
    cos, sin = np.cos(hue), np.sin(hue)
    # Rodrigues' rotation about (1, 1, 1) / sqrt(3).
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3.0)
    rotation = cos * np.eye(3) + sin * cross + (1.0 - cos) / 3.0
    saturate = saturation * np.eye(3) + (1.0 - saturation) * _LUMA[None, :]
    linear = contrast * saturate @ rotation
    return np.column_stack([linear, np.full(3, 127.5 * (1.0 - contrast) + brightness)])


def apply_color_matrix(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Map every pixel's BGR by a (3, 4) matrix, clipped to 0..255."""
    return cv2.transform(image, matrix)


def apply_gamma(image: np.ndarray, gamma: float) -> np.ndarray:
    """``255 (v / 255) ** gamma``: above 1 darkens the middle tones."""
    table = np.rint(255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
    return cv2.LUT(image, table)


def invert(image: np.ndarray) -> np.ndarray:
    """The negative."""
    return cv2.bitwise_not(image)


def to_grey(image: np.ndarray) -> np.ndarray:
    """Luma in all three channels."""
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def gaussian_blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Blur with a Gaussian of ``sigma`` pixels."""
    side = 2 * max(1, int(np.ceil(2.5 * sigma))) + 1
    return cv2.GaussianBlur(image, (side, side), sigma)


def motion_blur(image: np.ndarray, length: float, angle: float) -> np.ndarray:
    """Blur along a straight path of ``length`` pixels at ``angle`` radians."""
    reach = max(1, int(np.ceil(length / 2)))
    steps = np.linspace(-length / 2, length / 2, 8 * reach + 1)
    kernel: np.ndarray = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    rows = np.rint(steps * np.sin(angle)).astype(int) + reach
    columns = np.rint(steps * np.cos(angle)).astype(int) + reach
    np.add.at(kernel, (rows, columns), np.float32(1.0 / len(steps)))
    return cv2.filter2D(image, -1, kernel)


@lru_cache(maxsize=1)
def _noise_bank() -> np.ndarray:
    """Standard normal samples: a random stretch of them is far cheaper than fresh ones."""
    return np.random.default_rng(0).standard_normal(_NOISE_BANK_SIZE, dtype=np.float32)


def gaussian_noise(image: np.ndarray, sigma: float, per_channel: bool = True) -> np.ndarray:
    """Add white noise of standard deviation ``sigma`` (0..255 scale)."""
    bank = _noise_bank()
    shape = image.shape if per_channel else (*image.shape[:2], 1)
    count = int(np.prod(shape))
    if count >= len(bank):
        bank = np.resize(bank, count + 1)
    start = integer(len(bank) - count)
    noise = bank[start : start + count].reshape(shape) * np.float32(sigma)
    return np.clip(image + noise + np.float32(0.5), 0.0, 255.0).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Compress and decompress at a JPEG quality of 1..100."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def down_up(image: np.ndarray, factor: float) -> np.ndarray:
    """Shrink by ``factor`` in (0, 1] and enlarge again: the look of a small or distant word."""
    height, width = image.shape[:2]
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR)
