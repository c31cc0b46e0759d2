"""Geometric changes of photos with their polygons, one at a time.

For training, :class:`~.affine_crop.RandomAffineCrop` does the same in one warp.
"""

from __future__ import annotations

import cv2
import numpy as np

from spotter.data.randomness import chance, integer, uniform
from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.warping import warp_affine, warp_instances
from spotter.registry import TRANSFORMS
from spotter.runtime.input_size import resize_image


def _finish(results: dict, image: np.ndarray, matrix: np.ndarray, mirrored: bool = False) -> dict:
    """Store an image and move the instances with it; words cut at the photo's edge stay targets."""
    height, width = image.shape[:2]
    results["img"] = image
    results["img_shape"] = (height, width)
    if "instances" in results:
        results["instances"] = warp_instances(
            results["instances"], matrix, width, height, 0.0, mirrored
        )
    return results


@TRANSFORMS.register_module()
class RandomFlip(BaseTransform):
    """Mirror a photo horizontally. For detectors only: no recognizer reads mirrored writing.

    Args:
        probability: How often.
    """

    def __init__(self, probability: float = 0.5) -> None:
        self.probability = probability

    def transform(self, results: dict) -> dict:
        if not chance(self.probability):
            return results
        image = results["img"]
        matrix = np.array([[-1.0, 0.0, image.shape[1]], [0.0, 1.0, 0.0]])
        return _finish(results, cv2.flip(image, 1), matrix, mirrored=True)


@TRANSFORMS.register_module()
class RandomRotate(BaseTransform):
    """Rotate a photo about its centre; the frame grows to hold all of it.

    Args:
        max_angle: Degrees, either way.
        probability: How often.
    """

    def __init__(self, max_angle: float = 10.0, probability: float = 1.0) -> None:
        self.max_angle = max_angle
        self.probability = probability

    def transform(self, results: dict) -> dict:
        if not chance(self.probability):
            return results
        height, width = results["img"].shape[:2]
        angle = np.deg2rad(uniform(-self.max_angle, self.max_angle))
        cos, sin = np.cos(angle), np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]])
        # Rounded up, or the corners of the photo would be cut off.
        extent = np.ceil(np.abs(linear) @ (width, height) - 1e-6)
        matrix = np.column_stack([linear, extent / 2 - linear @ (width / 2, height / 2)])
        image = warp_affine(results["img"], matrix, int(extent[0]), int(extent[1]))
        return _finish(results, image, matrix)


@TRANSFORMS.register_module()
class RandomScale(BaseTransform):
    """Resize a photo by a random factor.

    Args:
        scale_range: Factors, drawn uniformly.
    """

    def __init__(self, scale_range: tuple[float, float] = (0.5, 3.0)) -> None:
        self.scale_range = scale_range

    def transform(self, results: dict) -> dict:
        height, width = results["img"].shape[:2]
        factor = uniform(*self.scale_range)
        return resize_sample(results, max(1, round(width * factor)), max(1, round(height * factor)))


def resize_sample(results: dict, width: int, height: int) -> dict:
    """Resize image and instances, and record it in ``scale_factor``."""
    old_height, old_width = results["img"].shape[:2]
    factors = (width / old_width, height / old_height)
    before = results.get("scale_factor", (1.0, 1.0))
    results["scale_factor"] = (before[0] * factors[0], before[1] * factors[1])
    matrix = np.array([[factors[0], 0.0, 0.0], [0.0, factors[1], 0.0]])
    return _finish(results, resize_image(results["img"], width, height), matrix)


@TRANSFORMS.register_module()
class TextSafeRandomCrop(BaseTransform):
    """Cut out a rectangle whose borders run through no word.

    Cut lines are drawn from the columns and rows that no word touches (ignored words count, too).
    The whole photo stays when no try gives a crop that is large enough and holds a legible word.

    Args:
        min_side: Least side of the crop as a share of the photo's.
        max_tries: Number of draws.
    """

    def __init__(self, min_side: float = 0.1, max_tries: int = 10) -> None:
        self.min_side = min_side
        self.max_tries = max_tries

    def transform(self, results: dict) -> dict:
        image, instances = results["img"], results.get("instances", [])
        height, width = image.shape[:2]
        boxes = np.array(
            [[*i["polygon"].min(axis=0), *i["polygon"].max(axis=0)] for i in instances]
        ).reshape(-1, 4)
        legible = np.array([not item["ignore"] for item in instances], bool)
        columns = _free_lines(boxes[:, 0], boxes[:, 2], width)
        rows = _free_lines(boxes[:, 1], boxes[:, 3], height)
        for _ in range(self.max_tries):
            left, right = sorted(columns[[integer(len(columns)), integer(len(columns))]])
            top, bottom = sorted(rows[[integer(len(rows)), integer(len(rows))]])
            if right - left < max(1.0, self.min_side * width):
                continue
            if bottom - top < max(1.0, self.min_side * height):
                continue
            low, high = np.maximum(boxes[:, :2], 0), np.minimum(boxes[:, 2:], (width, height))
            held = (low >= (left, top)).all(axis=1) & (high <= (right, bottom)).all(axis=1)
            if legible.any() and not (held & legible).any():
                continue
            matrix = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]])
            return _finish(results, image[top:bottom, left:right], matrix)
        return results


def _free_lines(low: np.ndarray, high: np.ndarray, length: int) -> np.ndarray:
    """Whole-number cut positions in [0, length] strictly inside no interval, the ends included."""
    blocked: np.ndarray = np.zeros(length + 1, bool)
    for start, stop in zip(low, high, strict=True):
        blocked[max(0, int(np.floor(start)) + 1) : max(0, int(np.ceil(stop)))] = True
    # A word may stick out of the photo; the photo's own edges cut it already.
    blocked[[0, length]] = False
    return np.flatnonzero(~blocked)
