"""Scale, rotation, flip and crop of a photo in a single warp."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotter.data.randomness import chance, integer, rng, uniform
from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.warping import warp_affine, warp_instances
from spotter.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomAffineCrop(BaseTransform):
    """Sample scale, aspect, rotation, flip and centre of a square crop; warp once.

    The augmentation of DBNet (flip, rotation +-10 degrees, scale 0.5 to 3, crop) at the price of
    one ``cv2.warpAffine`` of the crop's own size, however large the photo. Words that the border
    cuts are clipped; one of which less than ``min_visible`` is left is ignored.

    A horizontal flip mirrors the writing, which a detector may see and a recognizer may not.

    Args:
        size: Side of the crop in pixels.
        scale_range: Factors from photo pixels to crop pixels, drawn log-uniformly.
        aspect_range: Factors of width relative to height, drawn log-uniformly.
        rotate: Largest rotation in degrees, either way.
        flip: Probability of a horizontal flip.
        focus: Probability that the crop holds the centre of a random legible word.
        min_visible: Least visible share of a cut word's area for it to stay a target.
    """

    def __init__(
        self,
        size: int = 512,
        scale_range: tuple[float, float] = (0.5, 3.0),
        aspect_range: tuple[float, float] = (0.85, 1.18),
        rotate: float = 10.0,
        flip: float = 0.5,
        focus: float = 0.8,
        min_visible: float = 0.6,
    ) -> None:
        self.size = size
        self.scale_range = scale_range
        self.aspect_range = aspect_range
        self.rotate = rotate
        self.flip = flip
        self.focus = focus
        self.min_visible = min_visible

    def transform(self, results: dict) -> dict:
        image, instances = results["img"], results.get("instances", [])
        matrix, mirrored = self._sample(image.shape[:2], instances)
        results["img"] = warp_affine(image, matrix, self.size, self.size)
        results["img_shape"] = (self.size, self.size)
        results["instances"] = warp_instances(
            instances, matrix, self.size, self.size, self.min_visible, mirrored
        )
        return results

    def _sample(self, shape: tuple[int, int], instances: Sequence[dict]) -> tuple[np.ndarray, bool]:
        """The (2, 3) matrix from photo to crop, and whether it mirrors."""
        scale = float(np.exp(uniform(*np.log(self.scale_range))))
        aspect = float(np.exp(uniform(*np.log(self.aspect_range))) ** 0.5)
        angle = np.deg2rad(uniform(-self.rotate, self.rotate))
        mirrored = chance(self.flip)
        factors = np.diag([scale * aspect * (-1.0 if mirrored else 1.0), scale / aspect])
        cos, sin = np.cos(angle), np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]]) @ factors
        centre = self._centre(shape, instances, linear)
        return np.column_stack([linear, self.size / 2 - linear @ centre]), mirrored

    def _centre(
        self, shape: tuple[int, int], instances: Sequence[dict], linear: np.ndarray
    ) -> np.ndarray:
        """Point of the photo that becomes the crop's centre."""
        photo = np.array(shape[::-1], np.float64)
        inverse = np.linalg.inv(linear)
        legible = [item for item in instances if not item["ignore"]]
        if legible and chance(self.focus):
            word = legible[integer(len(legible))]["polygon"].mean(axis=0)
            centre = word - inverse @ (rng.uniform(-0.4, 0.4, 2) * self.size)
        else:
            centre = rng.uniform(0.0, 1.0, 2) * photo
        # Half the extent that the turned crop spans in the photo: keeps the crop on the photo.
        reach = np.abs(inverse).sum(axis=1) * self.size / 2
        low, high = np.minimum(reach, photo / 2), np.maximum(photo - reach, photo / 2)
        return np.clip(centre, low, high)
