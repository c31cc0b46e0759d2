"""The views of SeqCLR: changes that leave every character in its place along the word.

Ranges are those of severity 2 of SemiMTR's augmentation, which is SeqCLR's (Aberdam et al. 2021,
2022). Nothing is flipped, rotated, or moved sideways by more than a fraction of a character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from spotter.data import randomness
from spotter.data.transforms import photometric
from spotter.data.transforms.base import BaseTransform
from spotter.data.transforms.rec_geometric import image_corners
from spotter.data.transforms.warping import warp_corners
from spotter.errors import ConfigError
from spotter.registry import TRANSFORMS

Range = tuple[float, float]


@TRANSFORMS.register_module()
class SeqCLRView(BaseTransform):
    """One view: a random, non-empty subset of the operations, in random order.

    Args:
        operations: Names of those to choose from, by default all of :data:`OPERATIONS`:
            ``contrast``, ``blur``, ``crop_vertical``, ``crop_horizontal``, ``sharpen``,
            ``piecewise``, ``perspective``.
        seed: Makes every view of an image the same; ``None`` draws from the loader's generator,
            which is seeded from the sample's place in the run.

    Raises:
        ConfigError: An operation that does not exist, or none.
    """

    def __init__(self, operations: Sequence[str] | None = None, seed: int | None = None) -> None:
        names = tuple(OPERATIONS if operations is None else operations)
        unknown = [name for name in names if name not in OPERATIONS]
        if unknown or not names:
            raise ConfigError(
                f"SeqCLRView: {', '.join(unknown) or 'no operation'}; there are"
                f" {', '.join(OPERATIONS)}"
            )
        self.operations = names
        self.seed = seed

    def transform(self, results: dict) -> dict:
        rng = randomness.rng if self.seed is None else np.random.RandomState(self.seed)
        image = results["img"]
        for name in self.draw(rng):
            image = OPERATIONS[name](image, rng)
        results["img"] = image
        results["img_shape"] = image.shape[:2]
        return results

    def draw(self, rng: np.random.RandomState) -> list[str]:
        """The operations of one view, in the order in which they are applied."""
        count = 1 + int(rng.randint(len(self.operations)))
        return [self.operations[i] for i in rng.permutation(len(self.operations))[:count]]


def linear_contrast(
    image: np.ndarray, rng: np.random.RandomState, factor: Range = (0.5, 1.0)
) -> np.ndarray:
    """Pull all values towards mid-grey."""
    return photometric.apply_color_matrix(
        image, photometric.color_matrix(contrast=rng.uniform(*factor))
    )


def blur(image: np.ndarray, rng: np.random.RandomState, sigma: Range = (0.5, 1.5)) -> np.ndarray:
    """Gaussian blur, sigma in pixels."""
    return photometric.gaussian_blur(image, rng.uniform(*sigma))


def crop_vertical(
    image: np.ndarray, rng: np.random.RandomState, share: Range = (0.0, 0.4)
) -> np.ndarray:
    """Cut off a share of the height above, and another below."""
    height = image.shape[0]
    top, bottom = (rng.uniform(*share, 2) * height).astype(int)
    return image[top : max(height - bottom, top + 1)]


def crop_horizontal(
    image: np.ndarray, rng: np.random.RandomState, share: Range = (0.0, 0.02)
) -> np.ndarray:
    """Cut off a share of the width to the left, and another to the right."""
    height, width = image.shape[:2]
    left, right = rng.uniform(*share, 2) * width
    # By a warp: of a narrow crop two hundredths are less than a pixel.
    corners = np.array([[left, 0], [width - right, 0], [width - right, height], [left, height]])
    return warp_corners(image, corners, width, height)


def sharpen(
    image: np.ndarray,
    rng: np.random.RandomState,
    alpha: Range = (0.0, 0.5),
    lightness: Range = (0.0, 0.5),
) -> np.ndarray:
    """Blend with an edge filter; ``lightness`` is the sum of its weights."""
    share = rng.uniform(*alpha)
    kernel: np.ndarray = np.full((3, 3), -share, np.float32)
    kernel[1, 1] = 1.0 - share + share * (8.0 + rng.uniform(*lightness))
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def piecewise(
    image: np.ndarray, rng: np.random.RandomState, scale: Range = (0.02, 0.03), points: int = 4
) -> np.ndarray:
    """Move the points of a grid by normal draws, and what lies between them along.

    Args:
        image: The crop.
        rng: Source of chance.
        scale: Range of the standard deviation, as a share of each side.
        points: Of the grid, along either side.
    """
    height, width = image.shape[:2]
    shifts = rng.normal(0.0, rng.uniform(*scale), (points, points, 2)) * (width, height)
    field = cv2.resize(shifts.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return cv2.remap(
        image,
        columns + field[..., 0],
        rows + field[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def perspective(
    image: np.ndarray, rng: np.random.RandomState, scale: Range = (0.01, 0.02)
) -> np.ndarray:
    """Move each corner inward by half-normal draws, ``scale`` as a share of each side."""
    height, width = image.shape[:2]
    shifts = np.abs(rng.normal(0.0, rng.uniform(*scale), (4, 2))) * (width, height)
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    return warp_corners(image, image_corners(width, height) + inward * shifts, width, height)


OPERATIONS: dict[str, Callable[[np.ndarray, np.random.RandomState], np.ndarray]] = {
    "contrast": linear_contrast,
    "blur": blur,
    "crop_vertical": crop_vertical,
    "crop_horizontal": crop_horizontal,
    "sharpen": sharpen,
    "piecewise": piecewise,
    "perspective": perspective,
}
