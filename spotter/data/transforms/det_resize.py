"""Resizing of photos to the input size of a detector."""

from __future__ import annotations

import numpy as np

from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.warping import warp_instances
from spotter.registry import TRANSFORMS
from spotter.runtime.input_size import detector_input_size, resize_image


@TRANSFORMS.register_module()
class ResizeByLimit(BaseTransform):
    """The resize of inference: :func:`spotter.runtime.input_size.detector_input_size`.

    Instances move with the photo; ``scale_factor`` records the resize.

    Args:
        limit_side: Bound in pixels.
        limit_type: ``"max"`` bounds the long side from above, ``"min"`` the short from below.
        size_divisor: Both sides become multiples of it.
        scale: Factor by which photos are enlarged before the bound is applied.
    """

    def __init__(
        self,
        limit_side: int = 1280,
        limit_type: str = "max",
        size_divisor: int = 32,
        scale: float = 1.0,
    ) -> None:
        self.limit_side = limit_side
        self.limit_type = limit_type
        self.size_divisor = size_divisor
        self.scale = scale

    def transform(self, results: dict) -> dict:
        old_height, old_width = results["img"].shape[:2]
        width, height = detector_input_size(
            old_width,
            old_height,
            self.limit_side,
            self.limit_type,
            self.size_divisor,
            self.scale,
        )
        factors = (width / old_width, height / old_height)
        before = results.get("scale_factor", (1.0, 1.0))
        results["scale_factor"] = (before[0] * factors[0], before[1] * factors[1])
        results["img"] = resize_image(results["img"], width, height)
        results["img_shape"] = (height, width)
        if "instances" in results:
            matrix = np.array([[factors[0], 0.0, 0.0], [0.0, factors[1], 0.0]])
            # Words cut at the photo's edge stay targets.
            results["instances"] = warp_instances(results["instances"], matrix, width, height, 0.0)
        return results
