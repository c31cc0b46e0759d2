"""Views for learning on whole images, which do not keep the characters in their places."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.data.randomness import chance, rng, uniform
from spotter.data.transforms import photometric
from spotter.data.transforms.base import BaseTransform
from spotter.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ImageView(BaseTransform):
    """SimCLR's view (Chen et al., ICML 2020): random crop, flip, colours, grey and blur.

    Args:
        area: Range of the crop's share of the area.
        ratio: Range of the factor by which its proportions differ from the image's.
        flip: Probability of a horizontal flip.
        color: Probability of a change of colours.
        grey: Probability of grey.
        blur: Probability of a Gaussian blur.
    """

    def __init__(
        self,
        area: tuple[float, float] = (0.2, 1.0),
        ratio: tuple[float, float] = (0.75, 1.33),
        flip: float = 0.5,
        color: float = 0.8,
        grey: float = 0.2,
        blur: float = 0.5,
    ) -> None:
        self.area = area
        self.ratio = ratio
        self.flip = flip
        self.color = color
        self.grey = grey
        self.blur = blur

    def transform(self, results: dict) -> dict:
        image = self._crop(results["img"])
        if chance(self.flip):
            image = cv2.flip(image, 1)
        if chance(self.color):
            matrix = photometric.color_matrix(
                brightness=uniform(-50.0, 50.0),
                contrast=uniform(0.6, 1.4),
                saturation=uniform(0.6, 1.4),
                hue=uniform(-0.6, 0.6),
            )
            image = photometric.apply_color_matrix(image, matrix)
        if chance(self.grey):
            image = photometric.to_grey(image)
        if chance(self.blur):
            image = photometric.gaussian_blur(image, uniform(0.1, 1.5))
        results["img"] = image
        results["img_shape"] = image.shape[:2]
        return results

    def _crop(self, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        area = uniform(*self.area)
        stretch = float(np.exp(uniform(*np.log(self.ratio))))
        wide = min(max(round(width * np.sqrt(area * stretch)), 1), width)
        high = min(max(round(height * np.sqrt(area / stretch)), 1), height)
        left, top = rng.randint(width - wide + 1), rng.randint(height - high + 1)
        return image[top : top + high, left : left + wide]
