"""Geometric changes of word crops that move characters: for supervised training.

They keep the order of the characters, but not their positions, so two views made with them do not
correspond frame by frame. Views that are compared by position need :mod:`rec_photometric`.
"""

from __future__ import annotations

import numpy as np

from spotter.data.randomness import integer, rng, uniform
from spotter.data.word_context import DETECTED_MARGIN, shorter_side


def image_corners(width: float, height: float) -> np.ndarray:
    """(4, 2) corners of an image, clockwise from the top-left."""
    return np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])


def jittered_corners(width: int, height: int, share: float, tightest: float = np.inf) -> np.ndarray:
    """Corners of a crop whose four borders are moved by up to ``share`` of its height.

    A narrow crop (one letter) loses or gains at most an eighth of its width on either side; no crop
    loses more than ``tightest`` of its height there.
    """
    sideways = min(share * height, width / 8.0)
    left, right = np.minimum(rng.uniform(-1.0, 1.0, 2) * sideways, tightest * height)
    top, bottom = rng.uniform(-1.0, 1.0, 2) * share * height
    x0, x1, y0, y1 = left, width - right, top, height - bottom
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def detected_corners(width: int, height: int, context: float, tightest: float = 0.15) -> np.ndarray:
    """Corners of a word as a detector might find it, in a crop that shows more than it.

    The left and right borders err by a normal with deviation 0.1 about :data:`DETECTED_MARGIN`,
    and in one case of three anywhere between a little too tight and the end of the crop; the upper
    and lower ones by a normal with deviation 0.08, all as shares of the word's shorter side.

    Args:
        width: Width of the crop.
        height: Height of the crop.
        context: See :func:`spotter.data.word_context.word_box`.
        tightest: The word loses at most this share of its shorter side on the left and right.

    Returns:
        (4, 2), clockwise from the top-left.
    """
    word = shorter_side(width, height, context)
    # A narrow word (one letter) loses at most an eighth of its width on either side.
    tightest = min(tightest, (width - 2 * context * word) / (8 * word))
    near, far = rng.normal(DETECTED_MARGIN, 0.1, 2), rng.uniform(-tightest, context, 2)
    sideways = np.where(rng.random(2) < 1 / 3, far, near).clip(-tightest, context)
    upright = rng.normal(DETECTED_MARGIN, 0.08, 2).clip(-0.12, context)
    (left, right), (top, bottom) = (context - sideways) * word, (context - upright) * word
    x0, x1, y0, y1 = left, width - right, top, height - bottom
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def clipped_corners(corners: np.ndarray) -> np.ndarray:
    """Corners of which one end is moved inward by a tenth to a quarter of the height.

    A crop cut so tightly that it clips a letter, as loose annotators and detectors do; one narrower
    than 1.5 heights stays whole.

    Args:
        corners: (4, 2) of an upright crop in pixels, clockwise from the top-left.

    Returns:
        (4, 2) corners, of which those of the left or of the right end have moved.
    """
    width, height = corners[2] - corners[0]
    if width < 1.5 * height:
        return corners
    clipped = corners.copy()
    moved, inward = ([0, 3], 1) if integer(2) else ([1, 2], -1)
    clipped[moved, 0] += inward * uniform(0.1, 0.25) * height
    return clipped


def rotation_shear(angle: float, shear: float) -> np.ndarray:
    """(2, 2) matrix: horizontal shear (tangent of its angle), then rotation in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, shear], [0.0, 1.0]])


def framed_corners(corners: np.ndarray, linear: np.ndarray) -> np.ndarray:
    """Where the upright frame of a transformed crop lies in the crop.

    The quadrilateral is transformed about its centre and framed by its bounding box, so the whole
    word stays in view; warping the result to a rectangle carries the transform out.

    Args:
        corners: (4, 2) corners of the part of the crop to keep.
        linear: (2, 2) the transform.

    Returns:
        (4, 2) corners of the frame, in coordinates of the crop, clockwise from the top-left.
    """
    centre = corners.mean(axis=0)
    moved = (corners - centre) @ linear.T
    low, high = moved.min(axis=0), moved.max(axis=0)
    frame = image_corners(*(high - low)) + low
    return frame @ np.linalg.inv(linear).T + centre
