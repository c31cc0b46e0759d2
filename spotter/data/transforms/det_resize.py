"""The size at which a detector sees a photo."""

from __future__ import annotations

import cv2

from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.det_geometric import resize_sample
from spotter.data.transforms.warping import BORDER_VALUE
from spotter.registry import TRANSFORMS
from spotter.runtime.input_size import detector_input_size


@TRANSFORMS.register_module()
class ResizeToSquare(BaseTransform):
    """Fit a photo into a square with its proportions, padded on the right and below.

    ``img_shape`` is the valid region.

    Args:
        size: Side of the square in pixels.
    """

    def __init__(self, size: int = 640) -> None:
        self.size = size

    def transform(self, results: dict) -> dict:
        height, width = results["img"].shape[:2]
        factor = self.size / max(height, width)
        width, height = max(1, round(width * factor)), max(1, round(height * factor))
        resize_sample(results, width, height)
        results["img"] = cv2.copyMakeBorder(
            results["img"],
            0,
            self.size - height,
            0,
            self.size - width,
            cv2.BORDER_CONSTANT,
            value=BORDER_VALUE,
        )
        return results


@TRANSFORMS.register_module()
class ResizeByLimit(BaseTransform):
    """The resize of inference: :func:`spotter.runtime.input_size.detector_input_size`.

    Args:
        limit_side: Bound in pixels.
        limit_type: ``"max"`` bounds the long side from above, ``"min"`` the short from below.
        size_divisor: Both sides become multiples of it.
        zoom: Factor by which photos are enlarged before the bound is looked at.
    """

    def __init__(
        self,
        limit_side: int = 1280,
        limit_type: str = "max",
        size_divisor: int = 32,
        zoom: float = 1.0,
    ) -> None:
        self.limit_side = limit_side
        self.limit_type = limit_type
        self.size_divisor = size_divisor
        self.zoom = zoom

    def transform(self, results: dict) -> dict:
        height, width = results["img"].shape[:2]
        size = detector_input_size(
            width, height, self.limit_side, self.limit_type, self.size_divisor, self.zoom
        )
        return resize_sample(results, *size)
