"""Degradations of whole photos. Colours: :class:`~.rec_photometric.ColorJitter`, for both tasks."""

from __future__ import annotations

import numpy as np

from spotter.data.randomness import integer, uniform
from spotter.data.transforms import photometric
from spotter.data.transforms.rec_photometric import PhotometricTransform
from spotter.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomDegrade(PhotometricTransform):
    """One light degradation: Gaussian or motion blur, noise, JPEG or resampling.

    Args:
        blur: Range of the Gaussian's standard deviation in pixels.
        motion: Range of the motion's length in pixels.
        noise: Range of the noise's standard deviation, 0..255 scale.
        quality: Range of the JPEG quality, both included.
        factor: Range of the reduction before enlarging, in (0, 1].
        probability: How often.
    """

    def __init__(
        self,
        blur: tuple[float, float] = (0.4, 1.5),
        motion: tuple[float, float] = (2.0, 6.0),
        noise: tuple[float, float] = (2.0, 10.0),
        quality: tuple[int, int] = (30, 85),
        factor: tuple[float, float] = (0.5, 0.9),
        probability: float = 0.3,
    ) -> None:
        super().__init__(probability)
        self.blur = blur
        self.motion = motion
        self.noise = noise
        self.quality = quality
        self.factor = factor

    def apply(self, image: np.ndarray) -> np.ndarray:
        kind = integer(5)
        if kind == 0:
            return photometric.gaussian_blur(image, uniform(*self.blur))
        if kind == 1:
            return photometric.motion_blur(image, uniform(*self.motion), uniform(0.0, np.pi))
        if kind == 2:
            return photometric.gaussian_noise(image, uniform(*self.noise))
        if kind == 3:
            low, high = self.quality
            return photometric.jpeg(image, low + integer(high - low + 1))
        return photometric.down_up(image, uniform(*self.factor))
