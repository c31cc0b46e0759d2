"""Weak and strong views of an unlabelled crop, as Zheng et al. (CVPR 2022) have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from spotter.data.randomness import chance, integer, uniform
from spotter.data.transforms import photometric
from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.rec_geometric import image_corners
from spotter.data.transforms.warping import warp_corners
from spotter.registry import TRANSFORMS

_STEPS = 10
"""Strengths are tenths of an operation's maximum (RandAugment, Cubuk et al., 2020)."""

Photometric = Callable[[np.ndarray, int], np.ndarray]


@TRANSFORMS.register_module()
class WeakView(BaseTransform):
    """A slight change of colours that no reader would notice.

    Args:
        brightness: Largest relative change.
        contrast: Largest relative change.
        saturation: Largest relative change.
        hue: Largest rotation as a share of the colour circle.
    """

    def __init__(
        self,
        brightness: float = 0.2,
        contrast: float = 0.1,
        saturation: float = 0.1,
        hue: float = 0.05,
    ) -> None:
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue = hue

    def transform(self, results: dict) -> dict:
        matrix = photometric.color_matrix(
            contrast=uniform(1.0 - self.contrast, 1.0 + self.contrast),
            saturation=uniform(1.0 - self.saturation, 1.0 + self.saturation),
            hue=2.0 * np.pi * uniform(-self.hue, self.hue),
        )
        matrix = matrix * uniform(1.0 - self.brightness, 1.0 + self.brightness)
        results["img"] = photometric.apply_color_matrix(results["img"], matrix)
        return results


@TRANSFORMS.register_module()
class StrongView(BaseTransform):
    """Some operations of geometry, then some of colour, each drawn from its list and made or not.

    Geometry: shear and translation along either axis, rotation; all in one warp. Colour:
    autocontrast, brightness, saturation, contrast, equalisation, posterising, solarising, and
    solarising after a brightening. The strength of an operation is drawn from 1 .. m tenths of its
    maximum. ``geometric=0`` leaves every character in its place, for frames that are compared one
    by one.

    Args:
        geometric: Number of geometric operations.
        photometric: Number of operations on colours.
        geometric_strength: m of the former, at most 10.
        photometric_strength: m of the latter, at most 10.
        probability: With which each drawn operation is made.
        shear: Maximum, the tangent of the angle.
        translate: Maximum, as a share of the side.
        rotate: Maximum in degrees.
    """

    def __init__(
        self,
        geometric: int = 2,
        photometric: int = 2,
        geometric_strength: int = 5,
        photometric_strength: int = 10,
        probability: float = 0.5,
        shear: float = 0.2,
        translate: float = 0.2,
        rotate: float = 10.0,
    ) -> None:
        self.geometric = geometric
        self.photometric = photometric
        self.geometric_strength = geometric_strength
        self.photometric_strength = photometric_strength
        self.probability = probability
        self.shear = shear
        self.translate = translate
        self.rotate = rotate

    def transform(self, results: dict) -> dict:
        image = results["img"]
        matrix = np.eye(3)
        for _ in range(self.geometric):
            if chance(self.probability):
                matrix = self._geometry(image.shape[1], image.shape[0]) @ matrix
        if not np.array_equal(matrix, np.eye(3)):
            image = warp_about_centre(image, matrix)
        for _ in range(self.photometric):
            if chance(self.probability):
                operation = PHOTOMETRIC[integer(len(PHOTOMETRIC))]
                image = operation(image, 1 + integer(self.photometric_strength))
        results["img"] = image
        return results

    def _geometry(self, width: int, height: int) -> np.ndarray:
        """(3, 3) map of a random geometric operation, about the centre, in pixels."""
        share = (1 + integer(self.geometric_strength)) / _STEPS
        if integer(2):
            share = -share
        matrix = np.eye(3)
        kind = integer(5)
        if kind == 0:
            matrix[0, 1] = share * self.shear
        elif kind == 1:
            matrix[1, 0] = share * self.shear
        elif kind == 2:
            matrix[0, 2] = share * self.translate * width
        elif kind == 3:
            matrix[1, 2] = share * self.translate * height
        else:
            angle = np.deg2rad(share * self.rotate)
            matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        return matrix


def warp_about_centre(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Apply a (3, 3) affine map about the centre of an image; what comes in repeats the border."""
    height, width = image.shape[:2]
    centre = np.array([width / 2.0, height / 2.0])
    corners = image_corners(width, height) - centre
    inverse = np.linalg.inv(matrix)
    origins = corners @ inverse[:2, :2].T + inverse[:2, 2]
    return warp_corners(image, origins + centre, width, height)


def _tables(image: np.ndarray, make: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Map the values of each channel by a table made of the channel."""
    channels = [cv2.LUT(channel, make(channel)) for channel in cv2.split(image)]
    return cv2.merge(channels)


def autocontrast(image: np.ndarray, strength: int) -> np.ndarray:
    """Stretch each channel to the full range; any strength does the same."""

    def stretch(channel: np.ndarray) -> np.ndarray:
        low, high = int(channel.min()), int(channel.max())
        if high <= low:
            return np.arange(256, dtype=np.uint8)
        values = (np.arange(256) - low) * 255.0 / (high - low)
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)

    return _tables(image, stretch)


def equalize(image: np.ndarray, strength: int) -> np.ndarray:
    """Equalise the histogram of each channel; any strength does the same."""
    return cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(image)])


def _enhancement(strength: int) -> float:
    """Factor 0.05 .. 0.95 of FixMatch's RandAugment."""
    return 0.05 + 0.9 * strength / _STEPS


def brightness(image: np.ndarray, strength: int) -> np.ndarray:
    """Towards black: ``v * (0.05 + 0.09 strength)``."""
    return _lut(image, np.arange(256) * _enhancement(strength))


def color(image: np.ndarray, strength: int) -> np.ndarray:
    """Towards grey."""
    matrix = photometric.color_matrix(saturation=_enhancement(strength))
    return photometric.apply_color_matrix(image, matrix)


def contrast(image: np.ndarray, strength: int) -> np.ndarray:
    """Towards the picture's mean grey."""
    mean = float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).mean())
    return _lut(image, mean + (np.arange(256) - mean) * _enhancement(strength))


def posterize(image: np.ndarray, strength: int) -> np.ndarray:
    """Keep the ``4 + 0.4 strength`` highest bits."""
    kept = min(8, 4 + 4 * strength // _STEPS)
    return image & np.uint8(256 - (1 << (8 - kept)))


def solarize(image: np.ndarray, strength: int) -> np.ndarray:
    """Invert the values from ``256 - 25.6 strength`` on."""
    values = np.arange(256)
    threshold = 256 - 256 * strength // _STEPS
    return _lut(image, np.where(values < threshold, values, 255 - values))


def solarize_add(image: np.ndarray, strength: int) -> np.ndarray:
    """Add ``11 strength``, then invert the values from 128 on."""
    values = np.clip(np.arange(256) + 110 * strength // _STEPS, 0, 255)
    return _lut(image, np.where(values < 128, values, 255 - values))


def _lut(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    return cv2.LUT(image, np.clip(np.rint(values), 0, 255).astype(np.uint8))


PHOTOMETRIC: tuple[Photometric, ...] = (
    autocontrast,
    brightness,
    color,
    contrast,
    equalize,
    posterize,
    solarize,
    solarize_add,
)


@TRANSFORMS.register_module()
class HideText(BaseTransform):
    """Make a labelled crop an unlabelled one, whose truth is kept for the log alone.

    ``text`` moves to ``hidden_text``, which no loss reads.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        results["hidden_text"] = results.get("text") or results.get("hidden_text")
        results["text"] = None
        return results
