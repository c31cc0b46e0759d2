"""The size at which a recognizer sees a word crop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from spotter.data.images import resize_image
from spotter.errors import ConfigError
from spotter.registry import TRANSFORMS

ResizeMode = Literal["fixed", "keep_ratio", "buckets"]
# Mid-grey: zero after the recognizers' normalisation.
PAD_VALUE = 127


def keep_ratio_width(width: int, height: int, target_height: int) -> int:
    """Width of a (width, height) crop scaled to ``target_height``, at least 1."""
    return max(1, round(width * target_height / height))


def bucket_width(width: int, height: int, target_height: int, widths: Sequence[int]) -> int:
    """The bucket nearest to a crop's keep-ratio width, in ratio; ties go to the wider.

    A crop's bucket depends on nothing but its own size, and so does its reading.
    """
    own = keep_ratio_width(width, height, target_height)
    return min(widths, key=lambda bucket: (max(bucket / own, own / bucket), -bucket))


class RecInputSize:
    """The rule from a crop's size to the size of the network's input.

    Args:
        height: Height of every input.
        mode: ``"fixed"``: all crops are stretched to ``width``. ``"keep_ratio"``: proportions are
            kept up to ``width``, beyond which the crop is squeezed. ``"buckets"``: stretched to the
            nearest of ``widths``.
        width: The width, or largest width.
        widths: The buckets.

    Raises:
        ConfigError: Unknown mode, or buckets missing.
    """

    def __init__(
        self,
        height: int = 32,
        mode: ResizeMode = "fixed",
        width: int = 128,
        widths: Sequence[int] | None = None,
    ) -> None:
        if mode not in ("fixed", "keep_ratio", "buckets"):
            raise ConfigError(f'resize mode is "fixed", "keep_ratio" or "buckets", not {mode!r}')
        if mode == "buckets" and not widths:
            raise ConfigError('resize mode "buckets" needs widths')
        self.height = height
        self.mode = mode
        self.width = width
        self.widths = sorted(widths or ())

    def __call__(self, width: int, height: int) -> int:
        """Width in pixels that a crop of (width, height) takes in the input."""
        if self.mode == "fixed":
            return self.width
        if self.mode == "buckets":
            return bucket_width(width, height, self.height, self.widths)
        return min(self.width, keep_ratio_width(width, height, self.height))


@TRANSFORMS.register_module()
class RecResize(BaseTransform):
    """Bring a crop to the recognizer's input size.

    Sets ``img``, ``img_shape``, ``scale_factor`` and ``valid_ratio``, the share of the width that
    shows the crop.

    Args:
        height: Height of every input.
        mode: See :class:`RecInputSize`.
        width: The width; with ``"keep_ratio"`` the largest one.
        widths: The buckets.
        pad: With ``"keep_ratio"``: pad to ``width`` on the right. ``False`` leaves the padding to
            the data preprocessor, which pads a batch to its own widest crop.
    """

    def __init__(
        self,
        height: int = 32,
        mode: ResizeMode = "fixed",
        width: int = 128,
        widths: Sequence[int] | None = None,
        pad: bool = True,
    ) -> None:
        self.input_size = RecInputSize(height, mode, width, widths)
        self.pad = pad

    def transform(self, results: dict) -> dict:
        height, width = results["img"].shape[:2]
        target = self.input_size(width, height)
        image = resize_image(results["img"], target, self.input_size.height)
        results["scale_factor"] = (target / width, self.input_size.height / height)
        finish_resize(results, image, self.input_size, self.pad)
        return results


def finish_resize(results: dict, image: np.ndarray, size: RecInputSize, pad: bool) -> None:
    """Store a resized crop, padded to the right when proportions are kept."""
    valid = image.shape[1]
    total = size.width if pad and size.mode == "keep_ratio" else valid
    if total > valid:
        image = cv2.copyMakeBorder(
            image, 0, 0, 0, total - valid, cv2.BORDER_CONSTANT, value=(PAD_VALUE,) * 3
        )
    results["img"] = image
    results["img_shape"] = image.shape[:2]
    results["valid_ratio"] = valid / total
