"""Changes of colour and sharpness that leave every character in its place.

Two views made with these transforms correspond frame by frame, so they suit methods that compare
views by position as well as supervised training.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from spotter.data.randomness import chance, uniform
from spotter.data.transforms import photometric
from spotter.data.transforms.base import BaseTransform
from spotter.registry import TRANSFORMS


class PhotometricTransform(BaseTransform):
    """A change of the image alone, made with a probability.

    Args:
        probability: How often.
    """

    def __init__(self, probability: float) -> None:
        self.probability = probability

    @abstractmethod
    def apply(self, image: np.ndarray) -> np.ndarray:
        """A changed (H, W, 3) uint8 image; the given one must not be written to."""

    def transform(self, results: dict) -> dict:
        if chance(self.probability):
            results["img"] = self.apply(results["img"])
        return results


@TRANSFORMS.register_module()
class ColorJitter(PhotometricTransform):
    """Brightness, contrast, saturation and hue, at the price of one pass over the pixels.

    Args:
        brightness: Largest shift, 0..255 scale.
        contrast: Range of the factor.
        saturation: Range of the factor.
        hue: Largest rotation in degrees.
        probability: How often.
    """

    def __init__(
        self,
        brightness: float = 32.0,
        contrast: tuple[float, float] = (0.5, 1.5),
        saturation: tuple[float, float] = (0.5, 1.5),
        hue: float = 18.0,
        probability: float = 0.5,
    ) -> None:
        super().__init__(probability)
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue

    def apply(self, image: np.ndarray) -> np.ndarray:
        matrix = photometric.color_matrix(
            uniform(-self.brightness, self.brightness),
            uniform(*self.contrast),
            uniform(*self.saturation),
            np.deg2rad(uniform(-self.hue, self.hue)),
        )
        return photometric.apply_color_matrix(image, matrix)


@TRANSFORMS.register_module()
class RandomInvert(PhotometricTransform):
    """The negative: dark text on light becomes light text on dark.

    Args:
        probability: How often.
    """

    def __init__(self, probability: float = 0.1) -> None:
        super().__init__(probability)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return photometric.invert(image)


@TRANSFORMS.register_module()
class RandomGrey(PhotometricTransform):
    """Drop the colours.

    Args:
        probability: How often.
    """

    def __init__(self, probability: float = 0.1) -> None:
        super().__init__(probability)

    def apply(self, image: np.ndarray) -> np.ndarray:
        return photometric.to_grey(image)
