"""Weak and strong views of an unlabelled crop, as Zheng et al. (CVPR 2022) have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np

from spotter.data.randomness import chance, integer, uniform
from spotter.data.transforms import photometric
from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.rec_geometric import image_corners
from spotter.data.transforms.warping import warp_corners
from spotter.errors import ConfigError
from spotter.registry import TRANSFORMS

_STEPS = 10
"""Strengths are tenths of an operation's maximum (RandAugment, Cubuk et al., 2020)."""

Photometric = Callable[[np.ndarray, float], np.ndarray]


class Range(NamedTuple):
    """Magnitudes ``maximum * share + bias`` of an operation, its share drawn from tenths of one.

    Attributes:
        maximum: What a whole share adds.
        bias: Magnitude without any.
        signed: Either sign is as likely.
    """

    maximum: float
    bias: float = 0.0
    signed: bool = False

    def draw(self, share: float) -> float:
        """The magnitude of a share in [0, 1], with a random sign where the range is signed."""
        magnitude = self.maximum * share + self.bias
        return -magnitude if self.signed and integer(2) else magnitude


class Magnitudes(NamedTuple):
    """How far the operations of a strong view go.

    Attributes:
        shear: Tangent of the angle.
        translate: Share of the side.
        rotate: Degrees.
        enhance: Factor of brightness, saturation and contrast.
        posterize: Number of bits that are kept.
        solarize: Value from which on values are inverted.
        solarize_add: Added before values from 128 on are inverted.
        last_is_drawn: Whether the share of m tenths itself is among those drawn; otherwise the
            largest is that of m - 1.
        black_border: What comes in from outside is black; otherwise it repeats the border.
    """

    shear: Range
    translate: Range
    rotate: Range
    enhance: Range
    posterize: Range
    solarize: Range
    solarize_add: Range
    last_is_drawn: bool
    black_border: bool

    def share(self, strength: int) -> float:
        """A random share: tenths from 1 up to ``strength``, with or without it."""
        count = strength if self.last_is_drawn else max(strength - 1, 1)
        return (1 + integer(count)) / _STEPS


MAGNITUDES: dict[str, Magnitudes] = {
    # Zheng et al.'s code adds a bias to almost every magnitude.
    "published": Magnitudes(
        shear=Range(0.2, 0.1, signed=True),
        translate=Range(0.2, 0.1, signed=True),
        rotate=Range(10.0, 10.0, signed=True),
        enhance=Range(1.8, 0.1),
        posterize=Range(4.0, 4.0),
        solarize=Range(-256.0, 256.0),
        solarize_add=Range(110.0, signed=True),
        last_is_drawn=False,
        black_border=True,
    ),
    "mild": Magnitudes(
        shear=Range(0.2, signed=True),
        translate=Range(0.2, signed=True),
        rotate=Range(10.0, signed=True),
        enhance=Range(0.9, 0.05),
        posterize=Range(4.0, 4.0),
        solarize=Range(-256.0, 256.0),
        solarize_add=Range(110.0),
        last_is_drawn=True,
        black_border=False,
    ),
}
"""Named sets of magnitudes, see :class:`StrongView`."""


@TRANSFORMS.register_module()
class WeakView(BaseTransform):
    """A slight change of colours.

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
    solarising after an addition. The strength of an operation is drawn from tenths of its maximum,
    up to m of them. ``geometric=0`` leaves every character in its place, for frames that are
    compared one by one.

    Args:
        geometric: Number of geometric operations.
        photometric: Number of operations on colours.
        geometric_strength: m of the former, 2 to 10.
        photometric_strength: m of the latter, 2 to 10.
        probability: With which each drawn operation is made.
        magnitudes: ``"published"``: those of Zheng et al. (CVPR 2022): with the default strengths
            shear and translation of 0.12 to 0.18, rotation of 11 to 14 degrees, factors of 0.28 to
            1.72, and a black border. ``"mild"``: without the bias of the geometry, factors of 0.14
            to 0.95, and the border repeated.

    Raises:
        ConfigError: Unknown magnitudes, or a strength outside its range.
    """

    def __init__(
        self,
        geometric: int = 2,
        photometric: int = 2,
        geometric_strength: int = 5,
        photometric_strength: int = 10,
        probability: float = 0.5,
        magnitudes: str = "published",
    ) -> None:
        if magnitudes not in MAGNITUDES:
            raise ConfigError(
                f"StrongView: magnitudes {magnitudes!r} is none of {', '.join(MAGNITUDES)}"
            )
        for strength in (geometric_strength, photometric_strength):
            if not 2 <= strength <= _STEPS:
                raise ConfigError(f"StrongView: a strength is 2 to {_STEPS}, not {strength}")
        self.geometric = geometric
        self.photometric = photometric
        self.geometric_strength = geometric_strength
        self.photometric_strength = photometric_strength
        self.probability = probability
        self.magnitudes = MAGNITUDES[magnitudes]

    def transform(self, results: dict) -> dict:
        image = results["img"]
        matrix = np.eye(3)
        for _ in range(self.geometric):
            if chance(self.probability):
                matrix = self._geometry(image.shape[1], image.shape[0]) @ matrix
        if not np.array_equal(matrix, np.eye(3)):
            image = warp_about_centre(image, matrix, self.magnitudes.black_border)
        for _ in range(self.photometric):
            if chance(self.probability):
                name, operation = OPERATIONS[integer(len(OPERATIONS))]
                share = self.magnitudes.share(self.photometric_strength)
                amount = 0.0 if name is None else getattr(self.magnitudes, name).draw(share)
                image = operation(image, amount)
        results["img"] = image
        return results

    def _geometry(self, width: int, height: int) -> np.ndarray:
        """(3, 3) map of a random geometric operation, about the centre, in pixels."""
        share = self.magnitudes.share(self.geometric_strength)
        matrix = np.eye(3)
        kind = integer(5)
        if kind == 0:
            matrix[0, 1] = self.magnitudes.shear.draw(share)
        elif kind == 1:
            matrix[1, 0] = self.magnitudes.shear.draw(share)
        elif kind == 2:
            matrix[0, 2] = self.magnitudes.translate.draw(share) * width
        elif kind == 3:
            matrix[1, 2] = self.magnitudes.translate.draw(share) * height
        else:
            angle = np.deg2rad(self.magnitudes.rotate.draw(share))
            matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        return matrix


def warp_about_centre(
    image: np.ndarray, matrix: np.ndarray, black_border: bool = False
) -> np.ndarray:
    """Apply a (3, 3) affine map about the centre of an image.

    Args:
        image: (H, W, 3) uint8.
        matrix: The map, in pixels.
        black_border: What comes in is black; otherwise it repeats the border.
    """
    height, width = image.shape[:2]
    centre = np.array([width / 2.0, height / 2.0])
    corners = image_corners(width, height) - centre
    inverse = np.linalg.inv(matrix)
    origins = corners @ inverse[:2, :2].T + inverse[:2, 2]
    return warp_corners(image, origins + centre, width, height, black_border)


def _tables(image: np.ndarray, make: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Map the values of each channel by a table made of the channel."""
    channels = [cv2.LUT(channel, make(channel)) for channel in cv2.split(image)]
    return cv2.merge(channels)


def autocontrast(image: np.ndarray, _: float = 0.0) -> np.ndarray:
    """Stretch each channel to the full range."""

    def stretch(channel: np.ndarray) -> np.ndarray:
        low, high = int(channel.min()), int(channel.max())
        if high <= low:
            return np.arange(256, dtype=np.uint8)
        values = (np.arange(256) - low) * 255.0 / (high - low)
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)

    return _tables(image, stretch)


def equalize(image: np.ndarray, _: float = 0.0) -> np.ndarray:
    """Equalise the histogram of each channel."""
    return cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(image)])


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply all values: 0 is black, 1 the image."""
    return _lut(image, np.arange(256) * factor)


def color(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the distance to each pixel's grey: 0 is grey, 1 the image."""
    return photometric.apply_color_matrix(image, photometric.color_matrix(saturation=factor))


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the distance to the picture's mean grey: 0 is that grey, 1 the image."""
    mean = float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).mean())
    return _lut(image, mean + (np.arange(256) - mean) * factor)


def posterize(image: np.ndarray, bits: float) -> np.ndarray:
    """Keep the highest bits; of their number the fraction is cut off."""
    kept = min(8, int(bits + 1e-9))
    return image & np.uint8(256 - (1 << (8 - kept)))


def solarize(image: np.ndarray, threshold: float) -> np.ndarray:
    """Invert the values from the threshold on."""
    values = np.arange(256)
    return _lut(image, np.where(values < int(threshold + 1e-9), values, 255 - values))


def solarize_add(image: np.ndarray, addition: float) -> np.ndarray:
    """Add, clip to 0 .. 255, then invert the values from 128 on."""
    values = np.clip(np.arange(256) + int(addition), 0, 255)
    return _lut(image, np.where(values < 128, values, 255 - values))


def _lut(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    return cv2.LUT(image, np.clip(np.rint(values), 0, 255).astype(np.uint8))


OPERATIONS: tuple[tuple[str | None, Photometric], ...] = (
    (None, autocontrast),
    ("enhance", brightness),
    ("enhance", color),
    ("enhance", contrast),
    (None, equalize),
    ("posterize", posterize),
    ("solarize", solarize),
    ("solarize_add", solarize_add),
)
"""Operations on colours, each with the name of its range in :class:`Magnitudes`."""


@TRANSFORMS.register_module()
class HideText(BaseTransform):
    """Turn a labelled crop into an unlabelled one, and keep its text for logging.

    ``text`` moves to ``hidden_text``, which no loss reads.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        results["hidden_text"] = results.get("text") or results.get("hidden_text")
        results["text"] = None
        return results
