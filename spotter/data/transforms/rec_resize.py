"""Resizing of word crops to the input size of a recognizer."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spotter.data.transforms.base import BaseTransform
from spotter.data.word_context import word_box
from spotter.registry import TRANSFORMS
from spotter.runtime.input_size import RecInputSize, ResizeMode, resize_image

# Mid-grey: zero after the recognizers' normalisation.
PAD_VALUE = 127


@TRANSFORMS.register_module()
class RecResize(BaseTransform):
    """Bring a crop to the recognizer's input size.

    Sets ``img``, ``img_shape``, ``scale_factor`` and ``valid_ratio``, the share of the width that
    shows the crop. Of a crop that shows more than its word (``context`` of the sample), the word is
    taken, with the margin of detected ones.

    Args:
        height: Height of every input.
        mode: See :class:`RecInputSize`.
        width: The width; with ``"keep_ratio"`` the largest one.
        widths: The buckets.
        pad: With ``"keep_ratio"``: pad to ``width`` on the right. ``False`` leaves the padding to
            the data preprocessor, which pads a batch to its own widest crop.
        stretch: See :class:`RecInputSize`.
    """

    def __init__(
        self,
        height: int = 32,
        mode: ResizeMode = "fixed",
        width: int = 128,
        widths: Sequence[int] | None = None,
        pad: bool = True,
        stretch: float | None = None,
    ) -> None:
        self.input_size = RecInputSize(height, mode, width, widths, stretch)
        self.pad = pad

    def transform(self, results: dict) -> dict:
        image = results["img"]
        if context := results.get("context", 0.0):
            # Training may see more of the photo than the word.
            low, high = np.rint(word_box(image.shape[1], image.shape[0], context)).astype(int)
            image = image[low[1] : high[1], low[0] : high[0]]
        height, width = image.shape[:2]
        target = self.input_size(width, height)
        image = resize_image(image, target, self.input_size.height)
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
