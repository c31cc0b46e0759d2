"""Geometry, resize and degradation of a word crop in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spotter.data.randomness import chance, integer, rng, uniform
from spotter.data.transforms import photometric
from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.rec_geometric import (
    clipped_corners,
    detected_corners,
    framed_corners,
    jittered_corners,
    rotation_shear,
)
from spotter.data.transforms.rec_resize import RecInputSize, ResizeMode, finish_resize
from spotter.data.transforms.warping import warp_corners
from spotter.data.word_context import seen_size, shorter_side
from spotter.registry import TRANSFORMS

# A warp samples four pixels; beyond this reduction it would skip some.
_MAX_WARP_REDUCTION = 2.0
_STEEP = (15.0, 45.0)
_MARK = 0.05
"""Share of the height that may be lost at an end where a mark stands, which is hardly wider."""


@TRANSFORMS.register_module()
class RecAugment(BaseTransform):
    """The augmentation of supervised recognizer training, in place of :class:`RecResize`.

    Crop jitter, rotation, shear and perspective are composed with the resize into a single
    ``cv2.warpPerspective``; colour is one matrix; blur, resampling, noise and JPEG act on the small
    result. Character order is kept, but positions move: not for views that are compared frame by
    frame.

    A crop that shows more than its word (``context`` of the sample, a share of the word's shorter
    side all around) is cut anew each time, as a detector would do it (:func:`detected_corners`).

    Args:
        height: Height of every input.
        mode: See :class:`RecInputSize`.
        width: The width; with ``"keep_ratio"`` the largest one.
        widths: The buckets.
        pad: See :class:`RecResize`.
        stretch: See :class:`RecInputSize`.
        geometric: Probability of any geometric change.
        jitter: Largest shift of each border as a share of the height, outward or inward.
        rotate: Largest rotation in degrees; small ones are likelier.
        shear: Largest horizontal shear, as the tangent of its angle.
        perspective: Largest shift of each corner as a share of the height; sideways, of the shorter
            side.
        clip: Probability that one end loses a tenth to a quarter of the height more, and with it
            part of a letter, which the label keeps; crops narrower than 1.5 heights are left whole,
            and so are those of labels that begin or end with a mark, which would be gone.
        steep: Probability of a rotation by 15 to 45 degrees instead, for crops of at most five
            heights: of a longer one, hardly a line of pixels would be left.
        color: Probability of a change of colours.
        invert: Probability of the negative.
        grey: Probability of grey.
        blur: Probability of a blur, Gaussian or motion.
        resample: Probability of shrinking and enlarging.
        noise: Probability of noise.
        jpeg: Probability of JPEG compression.
    """

    def __init__(
        self,
        height: int = 32,
        mode: ResizeMode = "fixed",
        width: int = 128,
        widths: Sequence[int] | None = None,
        pad: bool = True,
        stretch: float | None = None,
        geometric: float = 0.7,
        jitter: float = 0.12,
        rotate: float = 12.0,
        shear: float = 0.4,
        perspective: float = 0.12,
        clip: float = 0.0,
        steep: float = 0.0,
        color: float = 0.5,
        invert: float = 0.1,
        grey: float = 0.1,
        blur: float = 0.2,
        resample: float = 0.15,
        noise: float = 0.2,
        jpeg: float = 0.15,
    ) -> None:
        self.input_size = RecInputSize(height, mode, width, widths, stretch)
        self.pad = pad
        self.geometric = geometric
        self.jitter = jitter
        self.rotate = rotate
        self.shear = shear
        self.perspective = perspective
        self.clip = clip
        self.steep = steep
        self.color = color
        self.invert = invert
        self.grey = grey
        self.blur = blur
        self.resample = resample
        self.noise = noise
        self.jpeg = jpeg

    def transform(self, results: dict) -> dict:
        image = results["img"]
        context = results.get("context", 0.0)
        width, height = seen_size(image.shape[1], image.shape[0], context)
        target = (self.input_size(width, height), self.input_size.height)
        reduction = min(width / target[0], height / target[1])
        if reduction > _MAX_WARP_REDUCTION:
            factor = _MAX_WARP_REDUCTION / reduction
            small = (
                max(1, round(image.shape[1] * factor)),
                max(1, round(image.shape[0] * factor)),
            )
            image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        if context or chance(self.geometric):
            corners = self._corners(
                image.shape[1], image.shape[0], context, _ends_in_letters(results.get("text"))
            )
            image = warp_corners(image, corners, *target)
        else:
            image = cv2.resize(image, target, interpolation=cv2.INTER_LINEAR)
        finish_resize(results, self._degrade(image), self.input_size, self.pad)
        return results

    def _corners(self, width: int, height: int, context: float, letters: bool) -> np.ndarray:
        """(4, 2) points of the crop that become the corners of the input.

        A mark at an end is narrow: with less of the crop it would be gone, and its label not.
        """
        if context:
            corners = detected_corners(width, height, context, 0.15 if letters else _MARK)
            height -= round(2 * context * shorter_side(width, height, context))
        else:
            corners = jittered_corners(width, height, self.jitter, np.inf if letters else _MARK)
        if chance(self.clip if letters else 0.0):
            corners = clipped_corners(corners)
        if context and not chance(self.geometric):
            return corners
        angle = np.clip(rng.normal(0.0, self.rotate / 2), -self.rotate, self.rotate)
        wide, high = corners[2] - corners[0]
        if chance(self.steep) and wide <= 5 * high:
            angle = uniform(*_STEEP) * (1 - 2 * integer(2))
        linear = rotation_shear(np.deg2rad(angle), uniform(-self.shear, self.shear))
        corners = framed_corners(corners, linear)
        sideways = self.perspective if letters else min(self.perspective, _MARK)
        largest = np.array([sideways * min(height, wide), self.perspective * height])
        return corners + rng.uniform(-1.0, 1.0, (4, 2)) * largest

    def _degrade(self, image: np.ndarray) -> np.ndarray:
        if chance(self.color):
            matrix = photometric.color_matrix(
                brightness=uniform(-40.0, 40.0),
                contrast=uniform(0.5, 1.4),
                saturation=uniform(0.3, 1.6),
                hue=uniform(-0.5, 0.5),
            )
            image = photometric.apply_color_matrix(image, matrix)
        if chance(self.grey):
            image = photometric.to_grey(image)
        if chance(self.invert):
            image = photometric.invert(image)
        if chance(self.resample):
            image = photometric.down_up(image, uniform(0.3, 0.8))
        if chance(self.blur):
            if integer(2):
                image = photometric.gaussian_blur(image, uniform(0.3, 1.5))
            else:
                image = photometric.motion_blur(image, uniform(2.0, 6.0), uniform(0.0, np.pi))
        if chance(self.noise):
            image = photometric.gaussian_noise(image, uniform(2.0, 16.0), bool(integer(2)))
        if chance(self.jpeg):
            image = photometric.jpeg(image, 20 + integer(60))
        return image


def _ends_in_letters(text: str | None) -> bool:
    """Whether both ends of a label are letters or digits; an unknown one counts as such."""
    return not text or (text[0].isalnum() and text[-1].isalnum())
