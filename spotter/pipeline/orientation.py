"""The orientation of a photo, found by reading a few of its words in several directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from spotter.decoding.ctc import Decoded
from spotter.geometry import min_area_rect
from spotter.structures import TextInstance

UPRIGHT = 35.0
"""Degrees up to which a photo counts as upright: the crops of its words are turned anyway."""

ReadWords = Callable[[Sequence[np.ndarray]], list[Decoded]]
"""Readings of quadrilaterals (4, 2) of a photo, each from its first character's top-left corner."""

_ELONGATED = 1.8
_LONGEST = 8.0
"""A word with a larger ratio of its sides does not count more."""

_SAME_AXIS = 12.0
"""Degrees around the commonest axis."""

_SAMPLE, _FIRST = 10, 4
_READS_WELL = 0.75
_LEAST_LOG = -5.0
_CLEARER = 0.5
"""How much higher the mean log score has to be the other way round."""

_CLEARER_IN_ALL = 2.0
"""Least sum for a single word, which has to be far clearer."""

_TURNED_SCORE = -0.7
"""Least mean log score of the words of a photo that counts as turned."""

_TURNED_SHARE = 0.5
"""Least share of all witnesses on the axis of a photo that counts as turned."""

_VOTES = 0.6


@dataclass(frozen=True)
class _Witness:
    """An elongated word.

    Attributes:
        quad: (4, 2) its corners; the first side is a long one.
        axis: Degrees in [0, 180) of its long sides, clockwise from the x axis.
        weight: What it counts: about the number of its characters.
    """

    quad: np.ndarray
    axis: float
    weight: float


def photo_orientation(words: Sequence[TextInstance], read: ReadWords) -> float:
    """The direction of the text lines of a photo, in degrees clockwise from the x axis.

    The long axes of elongated words give the axis of the lines. Some of these words are read both
    ways along it to find the direction. If the first few are read well upright, as in nearly all
    photos, no more are read.

    Args:
        words: The words found in the photo, with or without text.
        read: Reads words without language model.

    Returns:
        Degrees in (-180, 180]; exactly 0 for a photo that is upright, that is skewed by less than
        :data:`UPRIGHT` degrees, or whose orientation cannot be determined.
    """
    witnesses = _witnesses(words)
    if not witnesses:
        return 0.0
    axis, chosen = _common_axis(witnesses)
    along = (axis + 90.0) % 180.0 - 90.0
    sideways = abs(along) > UPRIGHT
    share = sum(each.weight for each in chosen) / sum(each.weight for each in witnesses)
    if sideways and share < _TURNED_SHARE:
        return 0.0
    sample = sorted(chosen, key=lambda each: -each.weight)[:_SAMPLE]
    forward = [_along(each.quad, along) for each in sample]
    first = read(forward[:_FIRST])
    if not sideways and sum(each.score >= _READS_WELL for each in first) > len(first) / 2:
        return 0.0
    backward = [np.roll(quad, 2, axis=0) for quad in forward]
    # All in one call: those of one width share a batch.
    both = np.array([_log(each) for each in [*first, *read([*forward[_FIRST:], *backward])]])
    one, other = both[: len(forward)], both[len(forward) :]
    reversed_ = bool((other - one).mean() > 0) if sideways else _clearly_reversed(one, other)
    better = other if reversed_ else one
    if not (sideways or reversed_) or better.mean() < _TURNED_SCORE:
        return 0.0
    turned = along + 180.0 if reversed_ else along
    return float(-((180.0 - turned) % 360.0 - 180.0))


def _clearly_reversed(forward: np.ndarray, backward: np.ndarray) -> bool:
    """Whether words of an upright axis run backward, by their log scores either way."""
    gain = backward - forward
    clear = gain.mean() >= _CLEARER and gain.sum() >= _CLEARER_IN_ALL
    return bool(clear and (gain > 0).mean() >= _VOTES)


def _log(reading: Decoded) -> float:
    """Log score of a reading; of a single character it says nothing about the direction."""
    if len(reading.text) < 2:
        return _LEAST_LOG
    return max(float(np.log(max(reading.score, 1e-9))), _LEAST_LOG)


def _witnesses(words: Sequence[TextInstance]) -> list[_Witness]:
    found = []
    for word in words:
        quad = word.polygon if len(word.polygon) == 4 else min_area_rect(word.polygon)
        sides = np.roll(quad, -1, axis=0) - quad
        lengths = np.linalg.norm(sides, axis=1)
        long, short = lengths[:2].max(), max(float(lengths[:2].min()), 1e-6)
        if long < _ELONGATED * short or short < 6:
            continue
        first = int(np.argmax(lengths[:2]))
        axis = float(np.degrees(np.arctan2(sides[first, 1], sides[first, 0]))) % 180.0
        weight = min(long / short, _LONGEST) * word.detection_score
        found.append(_Witness(np.roll(quad, -first, axis=0), axis, float(weight)))
    return found


def _common_axis(witnesses: Sequence[_Witness]) -> tuple[float, list[_Witness]]:
    """Mean axis in degrees of the largest group of words that run alike, and the group."""
    axes = np.array([each.axis for each in witnesses])
    weights = np.array([each.weight for each in witnesses])
    apart = np.abs((axes[:, None] - axes + 90.0) % 180.0 - 90.0)
    alike = apart <= _SAME_AXIS
    group = alike[int(np.argmax(alike @ weights))]
    doubled = np.exp(2j * np.deg2rad(axes[group]))
    mean = float(np.degrees(np.angle((doubled * weights[group]).sum())) / 2) % 180.0
    return mean, [each for each, member in zip(witnesses, group, strict=True) if member]


def _along(quad: np.ndarray, degrees: float) -> np.ndarray:
    """A quadrilateral whose first side points in a direction rather than against it."""
    side = quad[1] - quad[0]
    angle = np.deg2rad(degrees)
    forward = side[0] * np.cos(angle) + side[1] * np.sin(angle) >= 0
    return quad if forward else np.roll(quad, 2, axis=0)


@dataclass(frozen=True)
class TurnedPhoto:
    """A photo turned so that its lines run to the right.

    Attributes:
        image: (h, w, 3) uint8, the whole photo; corners outside of it repeat its border pixels.
        to_photo: (2, 3) from pixels of ``image`` to those of the photo.
    """

    image: np.ndarray
    to_photo: np.ndarray

    def restore(self, polygon: np.ndarray) -> np.ndarray:
        """Map a polygon from pixels of ``image`` to pixels of the photo, (N, 2) float32."""
        return (polygon @ self.to_photo[:, :2].T + self.to_photo[:, 2]).astype(np.float32)


def turn_photo(photo: np.ndarray, orientation: float) -> TurnedPhoto:
    """Turn a photo anticlockwise by its orientation, so that its lines run to the right.

    Within five degrees of a multiple of 90, the photo is turned by that multiple, which keeps every
    pixel value.

    Args:
        photo: (H, W, 3) uint8.
        orientation: See :func:`photo_orientation`.
    """
    height, width = photo.shape[:2]
    quarters = round(orientation / 90.0) % 4
    if abs(orientation - 90.0 * round(orientation / 90.0)) <= 5.0:
        matrix = {
            0: [[1, 0, 0], [0, 1, 0]],
            1: [[0, -1, width], [1, 0, 0]],
            2: [[-1, 0, width], [0, -1, height]],
            3: [[0, 1, 0], [-1, 0, height]],
        }[quarters]
        image = np.ascontiguousarray(np.rot90(photo, quarters))
        return TurnedPhoto(image, np.array(matrix, np.float64))
    angle = np.deg2rad(orientation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) @ turn
    low, high = corners.min(axis=0), corners.max(axis=0)
    size = np.ceil(high - low).astype(int)
    # Photo points p = turn (q + low); OpenCV puts whole numbers at pixel centres.
    to_photo = np.hstack([turn, (turn @ low)[:, None]])
    centres = to_photo.copy()
    centres[:, 2] += turn @ np.array([0.5, 0.5]) - 0.5
    image = cv2.warpAffine(
        photo,
        centres,
        (int(size[0]), int(size[1])),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return TurnedPhoto(image, to_photo)
