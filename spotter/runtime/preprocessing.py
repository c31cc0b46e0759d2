"""From uint8 BGR pixels to the network's input in one pass per channel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


class Normalizer:
    """``(RGB - mean) / std`` by a table of 256 values per channel.

    Args:
        mean: One value or three (RGB), 0..255 scale.
        std: Deviations, in the same form.

    Attributes:
        mean: Three values (RGB).
        std: Deviations, in the same form.
    """

    def __init__(self, mean: Sequence[float] | float, std: Sequence[float] | float) -> None:
        means, stds = (
            np.broadcast_to(np.asarray(value, np.float32).reshape(-1, 1), (3, 1))
            for value in (mean, std)
        )
        self.mean: list[float] = means.ravel().tolist()
        self.std: list[float] = stds.ravel().tolist()
        # The same operations in the same precision as the data preprocessors of training.
        self._tables = (np.arange(256, dtype=np.float32)[None, :] - means) / stds

    def __call__(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Stack images of one size.

        Args:
            images: N images (H, W, 3) uint8 BGR.

        Returns:
            (N, 3, H, W) float32 RGB.
        """
        height, width = images[0].shape[:2]
        batch: np.ndarray = np.empty((len(images), 3, height, width), np.float32)
        for image, planes in zip(images, batch, strict=True):
            for channel, plane in enumerate(planes):
                source = cv2.extractChannel(image, 2 - channel)
                cv2.LUT(source, self._tables[channel], dst=plane)
        return batch
