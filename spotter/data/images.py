"""Sizes of pictures, and the reading of them (:mod:`spotter.io.images`) under its former name."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.errors import ConfigError
from spotter.io.images import IMAGE_SUFFIXES, ImageSource, image_size, read_image

__all__ = [
    "IMAGE_SUFFIXES",
    "ImageSource",
    "detector_input_size",
    "image_size",
    "read_image",
    "resize_image",
]


def detector_input_size(
    width: int,
    height: int,
    limit_side: int,
    limit_type: str = "max",
    size_divisor: int = 32,
    zoom: float = 1.0,
) -> tuple[int, int]:
    """Size at which a detector sees a photo of ``width`` x ``height`` pixels.

    Args:
        width: Width of the photo.
        height: Height of the photo.
        limit_side: Bound in pixels.
        limit_type: ``"max"``: photos whose long side exceeds the bound are shrunk to it;
            ``"min"``: photos whose short side falls below the bound are enlarged to it.
        size_divisor: Both sides are rounded to the nearest multiple of it, and at least it.
        zoom: Factor by which the photo is enlarged before the bound is looked at: small words are
            found better, at the price of the pixels.

    Returns:
        (width, height) in pixels.
    """
    if limit_type not in ("max", "min"):
        raise ConfigError(f'limit_type is "max" or "min", not {limit_type!r}')
    bound = limit_side / (max(width, height) if limit_type == "max" else min(width, height))
    factor = min(bound, zoom) if limit_type == "max" else max(bound, zoom)

    def snap(side: int) -> int:
        return max(size_divisor, round(side * factor / size_divisor) * size_divisor)

    return snap(width), snap(height)


def resize_image(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize with the filter that suits the direction: area when both sides shrink, else linear."""
    if image.shape[1] == width and image.shape[0] == height:
        return image
    shrinks = width <= image.shape[1] and height <= image.shape[0]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=interpolation)
