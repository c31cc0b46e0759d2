"""Changes of a crop's look that leave every character in its place.

Two views made with these transforms correspond frame by frame, so they may serve recipes that
compare views by position as well as supervised training.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from spotter.data.randomness import chance, integer, uniform
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
class RandomGamma(PhotometricTransform):
    """Lighten or darken the middle tones.

    Args:
        gamma: Range, drawn log-uniformly.
        probability: How often.
    """

    def __init__(self, gamma: tuple[float, float] = (0.5, 2.0), probability: float = 0.2) -> None:
        super().__init__(probability)
        self.gamma = gamma

    def apply(self, image: np.ndarray) -> np.ndarray:
        return photometric.apply_gamma(image, float(np.exp(uniform(*np.log(self.gamma)))))


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


@TRANSFORMS.register_module()
class RandomGaussianBlur(PhotometricTransform):
    """Out of focus.

    Args:
        sigma: Range in pixels.
        probability: How often.
    """

    def __init__(self, sigma: tuple[float, float] = (0.3, 1.5), probability: float = 0.2) -> None:
        super().__init__(probability)
        self.sigma = sigma

    def apply(self, image: np.ndarray) -> np.ndarray:
        return photometric.gaussian_blur(image, uniform(*self.sigma))


@TRANSFORMS.register_module()
class RandomMotionBlur(PhotometricTransform):
    """A shaken camera.

    Args:
        length: Range of the path in pixels.
        probability: How often.
    """

    def __init__(self, length: tuple[float, float] = (2.0, 6.0), probability: float = 0.1) -> None:
        super().__init__(probability)
        self.length = length

    def apply(self, image: np.ndarray) -> np.ndarray:
        return photometric.motion_blur(image, uniform(*self.length), uniform(0.0, np.pi))


@TRANSFORMS.register_module()
class RandomNoise(PhotometricTransform):
    """White noise, of each channel or of the brightness.

    Args:
        sigma: Range of the standard deviation, 0..255 scale.
        probability: How often.
    """

    def __init__(self, sigma: tuple[float, float] = (2.0, 16.0), probability: float = 0.2) -> None:
        super().__init__(probability)
        self.sigma = sigma

    def apply(self, image: np.ndarray) -> np.ndarray:
        return photometric.gaussian_noise(image, uniform(*self.sigma), bool(integer(2)))


@TRANSFORMS.register_module()
class RandomJPEG(PhotometricTransform):
    """Compression artefacts.

    Args:
        quality: Range of the JPEG quality, both included.
        probability: How often.
    """

    def __init__(self, quality: tuple[int, int] = (20, 80), probability: float = 0.2) -> None:
        super().__init__(probability)
        self.quality = quality

    def apply(self, image: np.ndarray) -> np.ndarray:
        low, high = self.quality
        return photometric.jpeg(image, low + integer(high - low + 1))


@TRANSFORMS.register_module()
class RandomDownUp(PhotometricTransform):
    """Shrink and enlarge again: the look of distant text.

    Args:
        factor: Range of the reduction, in (0, 1].
        probability: How often.
    """

    def __init__(self, factor: tuple[float, float] = (0.3, 0.8), probability: float = 0.2) -> None:
        super().__init__(probability)
        self.factor = factor

    def apply(self, image: np.ndarray) -> np.ndarray:
        return photometric.down_up(image, uniform(*self.factor))
