"""The two views of SemiMTR (Aberdam et al., ECCV 2022 workshops): strong in look, weak in geometry.

Students and contrastive learning get views with changed colours and texture (severity 1 of its
augmentations); teachers get ABINet's augmentation, which is mild and mostly geometric.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from spotter.data.randomness import chance, integer, rng, uniform
from spotter.data.transforms import photometric, seqclr_views
from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.rec_geometric import framed_corners, image_corners, rotation_shear
from spotter.data.transforms.warping import warp_corners
from spotter.registry import TRANSFORMS

Operation = Callable[[np.ndarray], np.ndarray]


@TRANSFORMS.register_module()
class ColorTextureView(BaseTransform):
    """Negative or not, then one change of colours, one of sharpness, and one of texture.

    Ranges are those of the published code's severity 1. Of the changes of sharpness every second
    one sharpens. Every character stays in its place, so views correspond frame by frame.

    Args:
        invert: Probability of the negative.
        color: Probability of one of :data:`COLOR_OPERATIONS`.
        blur: Probability of sharpening or of one of :data:`BLUR_OPERATIONS`.
        texture: Probability of one of :data:`TEXTURE_OPERATIONS`.
    """

    def __init__(
        self, invert: float = 0.5, color: float = 1.0, blur: float = 1.0, texture: float = 1.0
    ) -> None:
        self.invert = invert
        self.groups = (
            (color, list(COLOR_OPERATIONS.values())),
            (blur, [change_sharpness]),
            (texture, list(TEXTURE_OPERATIONS.values())),
        )

    def transform(self, results: dict) -> dict:
        image = results["img"]
        if chance(self.invert):
            image = photometric.invert(image)
        for probability, operations in self.groups:
            if chance(probability):
                image = operations[integer(len(operations))](image)
        results["img"] = image
        return results


@TRANSFORMS.register_module()
class WeakGeometricView(BaseTransform):
    """ABINet's augmentation: now and then a rotation, shear or tilt, noise or blur, and colours.

    The frame grows with the word, which is therefore never cut. Magnitudes are bell-shaped about 0,
    so the largest are rare.

    Args:
        geometry: Probability of a rotation, a shear, or a perspective, one of them.
        deterioration: Probability of noise, motion blur, or a lower resolution.
        jitter: Probability of a change of colours.
        rotate: Largest rotation in degrees.
        shear: Largest shear in degrees, horizontal and vertical.
        perspective: Largest shift of each corner, as a share of half of each side.
        noise: Largest variance of the noise, 0..255 scale.
        motion: Longest path of the motion blur in pixels.
        reduction: Largest reduction of the resolution.
    """

    def __init__(
        self,
        geometry: float = 0.5,
        deterioration: float = 0.25,
        jitter: float = 0.25,
        rotate: float = 45.0,
        shear: tuple[float, float] = (45.0, 15.0),
        perspective: float = 0.5,
        noise: float = 20.0,
        motion: float = 6.0,
        reduction: float = 4.0,
    ) -> None:
        self.geometry = geometry
        self.deterioration = deterioration
        self.jitter = jitter
        self.rotate = rotate
        self.shear = shear
        self.perspective = perspective
        self.noise = noise
        self.motion = motion
        self.reduction = reduction

    def transform(self, results: dict) -> dict:
        image = results["img"]
        if chance(self.geometry):
            image = self._warp(image)
        if chance(self.deterioration):
            image = self._deteriorate(image)
        if chance(self.jitter):
            matrix = photometric.color_matrix(
                brightness=uniform(-32.0, 32.0),
                contrast=uniform(0.5, 1.5),
                saturation=uniform(0.5, 1.5),
                hue=0.2 * np.pi * uniform(-1.0, 1.0),
            )
            image = photometric.apply_color_matrix(image, matrix)
        results["img"] = image
        results["img_shape"] = image.shape[:2]
        return results

    def _warp(self, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        corners = image_corners(width, height)
        kind = integer(3)
        if kind == 2:
            shares = np.array([_bell(self.perspective) for _ in range(8)]).reshape(4, 2)
            corners = corners + np.abs(shares) * (0.5 * width, 0.5 * height) * _OUTWARD
        elif kind == 1:
            tangents = [np.tan(np.deg2rad(_bell(degrees))) for degrees in self.shear]
            linear = np.array([[1.0, tangents[0]], [tangents[1], 1.0]])
            corners = framed_corners(corners, linear)
        else:
            corners = framed_corners(corners, rotation_shear(np.deg2rad(_bell(self.rotate)), 0.0))
        sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        size = [max(2, round(float(sides[i] + sides[i + 2]) / 2)) for i in (0, 1)]
        return warp_corners(image, corners, size[0], size[1])

    def _deteriorate(self, image: np.ndarray) -> np.ndarray:
        kind = integer(3)
        if kind == 0:
            return photometric.gaussian_noise(image, float(np.sqrt(uniform(0.0, self.noise))))
        if kind == 1:
            return photometric.motion_blur(image, uniform(1.0, self.motion), uniform(0.0, np.pi))
        return photometric.down_up(image, 1.0 / uniform(1.0, self.reduction))


# Corners that move outward show the word smaller and tilted, and all of it.
_OUTWARD = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def _bell(largest: float) -> float:
    """A number in (-largest, largest), most likely near 0."""
    return largest * (2.0 * float(rng.beta(4.0, 4.0)) - 1.0)


def shuffle_channels(image: np.ndarray) -> np.ndarray:
    """The channels in any order, in 35 of 100 cases."""
    if not chance(0.35):
        return image
    return np.ascontiguousarray(image[:, :, rng.permutation(3)])


def quantize_colors(image: np.ndarray) -> np.ndarray:
    """Two to sixteen colours, found by k-means on a sample of the pixels."""
    pixels: np.ndarray = image.reshape(-1, 3).astype(np.float32)
    sample = pixels[rng.randint(0, len(pixels), min(len(pixels), 400))]
    count = min(2 + integer(15), len(sample))
    # OpenCV draws from a generator of its own.
    cv2.setRNGSeed(integer(1 << 30))
    criteria = (cv2.TERM_CRITERIA_MAX_ITER, 6, 0.0)
    empty: np.ndarray = np.zeros((len(sample), 1), np.int32)
    _, _, centres = cv2.kmeans(sample, count, empty, criteria, 1, cv2.KMEANS_RANDOM_CENTERS)
    # |p - c|² without |p|², which is the same for all centres.
    nearest = ((centres**2).sum(1) - 2.0 * pixels @ centres.T).argmin(1)
    return np.clip(centres[nearest] + 0.5, 0, 255).astype(np.uint8).reshape(image.shape)


def equalize_histogram(image: np.ndarray) -> np.ndarray:
    """An even spread of brightness."""
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
    lab[:, :, 0] = cv2.equalizeHist(np.ascontiguousarray(lab[:, :, 0]))
    return cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)


def fade_colors(image: np.ndarray) -> np.ndarray:
    """Blended with its grey, from not at all to wholly."""
    share = uniform(0.0, 1.0)
    return cv2.addWeighted(image, 1.0 - share, photometric.to_grey(image), share, 0.0)


def drop_pixels(image: np.ndarray) -> np.ndarray:
    """Up to a fifth of the pixels black; in one of two cases each channel has its own."""
    channels = image.shape[2] if integer(2) else 1
    kept = rng.random_sample((*image.shape[:2], channels)) >= uniform(0.0, 0.2)
    return image * kept.astype(np.uint8)


def change_gamma(image: np.ndarray) -> np.ndarray:
    """Gamma 1/2 to 2."""
    return photometric.apply_gamma(image, float(np.exp(uniform(-np.log(2.0), np.log(2.0)))))


def multiply_brightness(image: np.ndarray) -> np.ndarray:
    """All values times 0.5 to 1.5."""
    return cv2.convertScaleAbs(image, alpha=uniform(0.5, 1.5))


def shift_hue_and_saturation(image: np.ndarray) -> np.ndarray:
    """Both moved by up to 50 of 255."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.int16)
    hsv[:, :, 0] = (hsv[:, :, 0] + round(uniform(-50.0, 50.0) * 180 / 255)) % 180
    hsv[:, :, 1] = np.clip(hsv[:, :, 1] + round(uniform(-50.0, 50.0)), 0, 255)
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR)


def blackbody_color(kelvin: float) -> np.ndarray:
    """(3,) BGR in [0, 1] of a black body, by Helland's fit to the CIE 1964 chromaticities."""
    t = kelvin / 100.0
    red = 255.0 if t <= 66 else 329.698727446 * (t - 60.0) ** -0.1332047592
    green = 99.4708025861 * np.log(t) - 161.1195681661
    if t > 66:
        green = 288.1221695283 * (t - 60.0) ** -0.0755148492
    blue = 255.0
    if t < 66:
        blue = 0.0 if t <= 19 else 138.5177312231 * np.log(t - 10.0) - 305.0447927307
    return np.clip(np.array([blue, green, red]), 0.0, 255.0) / 255.0


def change_temperature(image: np.ndarray) -> np.ndarray:
    """Seen by the light of 1100 to 10000 kelvin."""
    gains = blackbody_color(uniform(1100.0, 10000.0))
    return np.clip(image * gains + 0.5, 0, 255).astype(np.uint8)


def change_sharpness(image: np.ndarray) -> np.ndarray:
    """Sharper in one of two cases, else one of :data:`BLUR_OPERATIONS`."""
    if integer(2):
        return sharpen(image)
    operations = list(BLUR_OPERATIONS.values())
    return operations[integer(len(operations))](image)


def sharpen(image: np.ndarray) -> np.ndarray:
    """Up to half of an edge picture blended in, which also darkens by up to half."""
    return seqclr_views.sharpen(image, rng)


def average_blur(image: np.ndarray) -> np.ndarray:
    """Mean over 2 to 6 pixels square."""
    side = 2 + integer(5)
    return cv2.blur(image, (side, side))


def median_blur(image: np.ndarray) -> np.ndarray:
    """Median of 3, 5 or 7 pixels square."""
    return cv2.medianBlur(image, 3 + 2 * integer(3))


def emboss(image: np.ndarray) -> np.ndarray:
    """A relief, blended in."""
    depth = uniform(0.5, 1.5)
    relief = np.array([[-1.0 - depth, -depth, 0], [-depth, 1.0, depth], [0, depth, 1.0 + depth]])
    identity: np.ndarray = np.zeros((3, 3))
    identity[1, 1] = 1.0
    share = uniform(0.0, 1.0)
    kernel = (1.0 - share) * identity + share * relief
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def impulse_noise(image: np.ndarray) -> np.ndarray:
    """A tenth of the values nearly black or nearly full."""
    hit = rng.random_sample(image.shape) < 0.1
    salt = np.rint(255.0 * rng.beta(0.5, 0.5, int(hit.sum())))
    changed = image.copy()
    changed[hit] = salt.astype(np.uint8)
    return changed


def multiply_elements(image: np.ndarray) -> np.ndarray:
    """Each pixel times its own 0.5 to 1.5."""
    gains = 0.5 + rng.random_sample((*image.shape[:2], 1))
    return np.clip(image * gains + 0.5, 0, 255).astype(np.uint8)


COLOR_OPERATIONS: dict[str, Operation] = {
    "channels": shuffle_channels,
    "grey": fade_colors,
    "quantize": quantize_colors,
    "equalize": equalize_histogram,
    "dropout": drop_pixels,
    "gamma": change_gamma,
    "brightness": multiply_brightness,
    "hue": shift_hue_and_saturation,
    "temperature": change_temperature,
}
BLUR_OPERATIONS: dict[str, Operation] = {
    "gaussian": lambda image: photometric.gaussian_blur(image, uniform(0.5, 1.5)),
    "average": average_blur,
    "median": median_blur,
    "motion": lambda image: photometric.motion_blur(image, 5.0, uniform(0.0, np.pi)),
}
TEXTURE_OPERATIONS: dict[str, Operation] = {
    "emboss": emboss,
    "noise": lambda image: photometric.gaussian_noise(image, 255.0 * uniform(0.0, 0.2), False),
    "impulse": impulse_noise,
    "multiply": multiply_elements,
}
