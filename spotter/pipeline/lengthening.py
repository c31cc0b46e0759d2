"""Longer outlines for words whose ends the detector has left out, chosen by reading them.

A word on an arc, or a large one, may be found without its first or last letters. Where ink goes on
beyond an end, and the detector responds there or the word is curved, outlines that reach further
are read, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from spotter.pipeline.alternatives import Alternative
from spotter.pipeline.crops import cut_word
from spotter.pipeline.ink import Ink, ink_of
from spotter.structures import TextInstance

_REACH = 3.0
"""How far beyond an end is looked, in heights of the word."""

_STEPS = (1.0, 2.0, 3.0)
"""Lengths of the parts that are added at most, in heights."""

_LEAST = 0.25
"""Ink that is shorter, in heights, is no letter."""

_SPACE = 0.3
"""A gap that is wider, in heights, ends a word."""

_RIM = 0.06
_LEAST_CONTRAST = 60.0
_ROWS = 24

_RESPONSE = 0.1
"""Mean probability of text beyond an end from which on a straight word may go on there."""

_WHOLE = 0.8
"""Detection score from which on a word was found with all of its letters."""

_NEAR, _FAR, _SAMPLES = 0.25, 1.0, 4
_ASIDE = 0.15
_OTHERS_STEP = 0.25
_OTHERS_ASIDE = 0.3
_POINTS = 10
_STRAIGHT = 20.0


@dataclass(frozen=True)
class ResponseMap:
    """Where the detector responds to text.

    Attributes:
        probability: (H, W) float32 in [0, 1].
        scale: (x, y) pixels of the map per pixel of the photo.
    """

    probability: np.ndarray
    scale: tuple[float, float]

    def at(self, points: np.ndarray) -> np.ndarray:
        """Probabilities (...) at points (..., 2) in pixels of the photo; 0 outside."""
        height, width = self.probability.shape
        places = np.floor(points * np.asarray(self.scale)).astype(int)
        inside = (places >= 0).all(axis=-1) & (places < (width, height)).all(axis=-1)
        x, y = np.where(inside[..., None], places, 0).transpose(-1, *range(places.ndim - 1))
        return np.where(inside, self.probability[y, x], 0.0)


@dataclass(frozen=True)
class MiddleLine:
    """The middle line of a word's outline, which goes on beyond its ends.

    Attributes:
        start: (2,) its first point.
        direction: (2,) unit vector there, along the line.
        length: Of the line.
        height: Of the word.
        bend: Curvature, 1 / radius, positive for lines that turn clockwise in the picture; 0:
            straight.
    """

    start: np.ndarray
    direction: np.ndarray
    length: float
    height: float
    bend: float

    @classmethod
    def of(cls, polygon: np.ndarray) -> MiddleLine | None:
        """That of an outline (2n, 2) with paired vertices; ``None`` for one without length."""
        half = len(polygon) // 2
        top, bottom = polygon[:half].astype(float), polygon[half : 2 * half][::-1].astype(float)
        middles = (top + bottom) / 2
        height = float(np.linalg.norm(top - bottom, axis=1).mean())
        chord = middles[-1] - middles[0]
        length = float(np.linalg.norm(chord))
        if min(length, height) < 1.0:
            return None
        straight = cls(middles[0], chord / length, length, height, 0.0)
        if half < 3:
            return straight
        circle = _circle(middles)
        if circle is None or circle[1] > _STRAIGHT * length:
            return straight
        centre, radius = circle
        spokes = middles - centre
        angles = np.unwrap(np.arctan2(spokes[:, 1], spokes[:, 0]))
        sweep = float(angles[-1] - angles[0])
        turn = 1.0 if sweep > 0 else -1.0
        first = np.array([np.cos(angles[0]), np.sin(angles[0])])
        tangent = turn * np.array([-first[1], first[0]])
        start = centre + radius * first
        return cls(start, tangent, abs(sweep) * radius, height, turn / radius)

    def points(self, places: np.ndarray, aside: np.ndarray | float = 0.0) -> np.ndarray:
        """Points (..., 2) at distances along the line, and at distances below it."""
        normal = np.array([-self.direction[1], self.direction[0]])
        places, aside = np.broadcast_arrays(np.asarray(places, float), np.asarray(aside, float))
        if not self.bend:
            ahead, below = places, aside
        else:
            angles = places * self.bend
            radius = 1.0 / self.bend
            ahead = (radius - aside) * np.sin(angles)
            below = radius - (radius - aside) * np.cos(angles)
        return self.start + ahead[..., None] * self.direction + below[..., None] * normal

    def outline(self, before: float, after: float) -> np.ndarray:
        """The outline (2n, 2) float32 that reaches so many heights beyond the ends."""
        first, last = -before * self.height, self.length + after * self.height
        places = np.linspace(first, last, _POINTS if self.bend else 2)
        top = self.points(places, -self.height / 2)
        bottom = self.points(places, self.height / 2)
        return np.concatenate([top, bottom[::-1]]).astype(np.float32)


@dataclass(frozen=True)
class Places:
    """Outlines of words by place.

    Attributes:
        polygons: (2n, 2) each.
        lows: (N, 2) least x and y of each.
        highs: (N, 2) largest ones.
    """

    polygons: Sequence[np.ndarray]
    lows: np.ndarray
    highs: np.ndarray

    @classmethod
    def of(cls, words: Sequence[TextInstance]) -> Places:
        """The outlines of words."""
        polygons = [word.polygon for word in words]
        lows, highs = (
            np.array([end(polygon, axis=0) for polygon in polygons]).reshape(-1, 2)
            for end in (np.min, np.max)
        )
        return cls(polygons, lows, highs)

    def near(self, polygon: np.ndarray, reach: float, own: Sequence[int]) -> list[np.ndarray]:
        """Outlines whose upright boxes come near that of another one.

        Args:
            polygon: (N, 2) the other one.
            reach: How near, in pixels, along both axes.
            own: Indices of those that do not count.
        """
        low, high = polygon.min(axis=0) - reach, polygon.max(axis=0) + reach
        near = ((self.lows <= high) & (self.highs >= low)).all(axis=1)
        near[list(own)] = False
        return [self.polygons[index] for index in np.flatnonzero(near).tolist()]


def propose_lengthenings(
    image: np.ndarray, words: Sequence[TextInstance], response: ResponseMap
) -> list[Alternative]:
    """Longer outlines of words.

    Args:
        image: (H, W, 3) uint8.
        words: The words found in the image.
        response: Of the detector to the image.

    Returns:
        Alternatives of one member and one word each.
    """
    places = Places.of(words)
    return [
        Alternative([index], [longer], lengthens=True)
        for index, word in enumerate(words)
        for longer in _longer(image, word, places, [index], response)
    ]


def lengthen_alternatives(
    image: np.ndarray,
    words: Sequence[TextInstance],
    alternatives: Sequence[Alternative],
    response: ResponseMap,
) -> list[Alternative]:
    """Alternatives of one word with longer outlines.

    Args:
        image: (H, W, 3) uint8.
        words: The words found in the image.
        alternatives: What may be in their place.
        response: Of the detector to the image.
    """
    places = Places.of(words)
    return [
        replace(each, words=[longer])
        for each in alternatives
        if len(each.words) == 1
        for longer in _longer(image, each.words[0], places, each.members, response)
    ]


def _longer(
    image: np.ndarray,
    word: TextInstance,
    places: Places,
    own: Sequence[int],
    response: ResponseMap,
) -> Iterator[TextInstance]:
    """A word with longer outlines, which do not reach into words other than its ``own``."""
    line = MiddleLine.of(word.polygon)
    if line is None or line.length < line.height or word.detection_score >= _WHOLE:
        return
    others = places.near(word.polygon, _REACH * line.height, own)
    free = _free(line, others, -1.0), _free(line, others, 1.0)
    if not line.bend and _response(line, free, response) < _RESPONSE:
        return
    before, after = map(min, free, _missing(image, line))
    ends = dict.fromkeys(
        (min(before, step), min(after, step)) for step in _STEPS if max(before, after) >= _LEAST
    )
    for end in ends:
        yield replace(word, polygon=line.outline(*end))


def _circle(points: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Centre and radius of the circle through points (N, 2), by least squares (Kasa 1976)."""
    middle = points.mean(axis=0)
    local = points - middle
    system = np.concatenate([2 * local, np.ones((len(local), 1))], axis=1)
    solution, _, rank, _ = np.linalg.lstsq(system, (local**2).sum(axis=1), rcond=None)
    if rank < 3:
        return None
    radius = float(np.sqrt(solution[2] + solution[0] ** 2 + solution[1] ** 2))
    return solution[:2] + middle, radius


def _response(line: MiddleLine, free: tuple[float, float], response: ResponseMap) -> float:
    """Mean probability of text within a height beyond the end that shows more of it.

    Args:
        line: Of the word.
        free: How far its outline may reach beyond its ends, in heights.
        response: Of the detector.
    """
    beyond = np.linspace(_NEAR, _FAR, _SAMPLES)
    aside = np.array([-_ASIDE, 0.0, _ASIDE])[:, None] * line.height
    found = 0.0
    for side, far in zip((-1.0, 1.0), free, strict=True):
        places = beyond[beyond <= far] * line.height
        if len(places):
            ends = line.length + places if side > 0 else -places
            shown = response.at(line.points(ends, aside)).max(axis=0)
            found = max(found, float(shown.mean()))
    return found


def _missing(image: np.ndarray, line: MiddleLine) -> tuple[float, float]:
    """How far ink goes on before and after a word, in heights."""
    whole = line.outline(_REACH, _REACH)
    columns = round((line.length / line.height + 2 * _REACH) * _ROWS)
    ink = ink_of(cut_word(image, whole, columns, _ROWS))
    if ink is None or ink.contrast < _LEAST_CONTRAST:
        return 0.0, 0.0
    bound = round(_REACH * ink.per_height)
    return (
        _beyond(ink.columns[: bound + 1][::-1], ink),
        _beyond(ink.columns[-bound - 1 :], ink),
    )


def _beyond(columns: np.ndarray, ink: Ink) -> float:
    """How far ink goes on without a space, in heights, from an end outward."""
    inked = np.flatnonzero(columns)
    spaces = np.flatnonzero(np.diff(inked, prepend=0) > _SPACE * ink.per_height)
    inked = inked[: spaces[0]] if len(spaces) else inked
    return float(inked[-1] / ink.per_height + _RIM) if inked.any() else 0.0


def _free(line: MiddleLine, others: Sequence[np.ndarray], side: float) -> float:
    """How far an outline may reach beyond an end, in heights, without reaching another word."""
    aside = np.array([-_OTHERS_ASIDE, 0.0, _OTHERS_ASIDE]) * line.height
    for step in np.arange(_OTHERS_STEP, _REACH + _OTHERS_STEP, _OTHERS_STEP):
        place = line.length + step * line.height if side > 0 else -step * line.height
        for point in line.points(np.full(3, place), aside):
            x, y = float(point[0]), float(point[1])
            if any(cv2.pointPolygonTest(other, (x, y), False) >= 0 for other in others):
                return max(float(step) - _OTHERS_STEP, 0.0)
    return _REACH
