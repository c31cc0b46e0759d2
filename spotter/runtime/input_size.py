"""From the size of a photo or word crop to the size of the network's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from spotter.errors import ConfigError

ResizeMode = Literal["fixed", "keep_ratio", "buckets"]


def keep_ratio_width(width: int, height: int, target_height: int) -> int:
    """Width of a (width, height) crop scaled to ``target_height``, at least 1."""
    return max(1, round(width * target_height / height))


def bucket_width(
    width: int,
    height: int,
    target_height: int,
    widths: Sequence[int],
    stretch: float | None = None,
) -> int:
    """The bucket of a crop. It depends on the size of the crop only, not on other crops.

    Args:
        width: Width of the crop.
        height: Height of the crop.
        target_height: Height of the input.
        widths: The buckets.
        stretch: The narrowest bucket that is at least this many times as wide as the crop would be
            at its own proportions, else the widest; ``None``: the nearest one in ratio, ties go to
            the wider.
    """
    own = keep_ratio_width(width, height, target_height)
    if stretch is None:
        return min(widths, key=lambda bucket: (max(bucket / own, own / bucket), -bucket))
    wide_enough = [bucket for bucket in widths if bucket >= stretch * own]
    return min(wide_enough, default=max(widths))


class RecInputSize:
    """The rule from a crop's size to the size of the network's input.

    Args:
        height: Height of every input.
        mode: ``"fixed"``: all crops are stretched to ``width``. ``"keep_ratio"``: proportions are
            kept up to ``width``, beyond which the crop is squeezed. ``"buckets"``: stretched to one
            of ``widths``, see :func:`bucket_width`.
        width: The width, or largest width.
        widths: The buckets.
        stretch: See :func:`bucket_width`.

    Raises:
        ConfigError: Unknown mode, buckets missing, or a stretch that is not above 0.
    """

    def __init__(
        self,
        height: int = 32,
        mode: ResizeMode = "fixed",
        width: int = 128,
        widths: Sequence[int] | None = None,
        stretch: float | None = None,
    ) -> None:
        if mode not in ("fixed", "keep_ratio", "buckets"):
            raise ConfigError(f'resize mode is "fixed", "keep_ratio" or "buckets", not {mode!r}')
        if mode == "buckets" and not widths:
            raise ConfigError('resize mode "buckets" needs widths')
        if stretch is not None and not 0 < stretch < float("inf"):
            raise ConfigError(f"stretch must be above 0, not {stretch}")
        self.height = height
        self.mode = mode
        self.stretch = stretch
        self.width = width
        self.widths = sorted(widths or ())

    def __call__(self, width: int, height: int) -> int:
        """Width in pixels that a crop of (width, height) takes in the input."""
        if self.mode == "fixed":
            return self.width
        if self.mode == "buckets":
            return bucket_width(width, height, self.height, self.widths, self.stretch)
        return min(self.width, keep_ratio_width(width, height, self.height))


def detector_input_size(
    width: int,
    height: int,
    limit_side: int,
    limit_type: str = "max",
    size_divisor: int = 32,
    scale: float = 1.0,
) -> tuple[int, int]:
    """Size at which a detector sees a photo of ``width`` x ``height`` pixels.

    Args:
        width: Width of the photo.
        height: Height of the photo.
        limit_side: Bound in pixels.
        limit_type: ``"max"``: photos whose long side exceeds the bound are shrunk to it;
            ``"min"``: photos whose short side falls below the bound are enlarged to it.
        size_divisor: Both sides are rounded to the nearest multiple of it, and at least it.
        scale: Factor by which the photo is enlarged before the bound is applied: small words are
            found better, and detection takes longer.

    Returns:
        (width, height) in pixels.
    """
    if limit_type not in ("max", "min"):
        raise ConfigError(f'limit_type is "max" or "min", not {limit_type!r}')
    bound = limit_side / (max(width, height) if limit_type == "max" else min(width, height))
    factor = min(bound, scale) if limit_type == "max" else max(bound, scale)

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
