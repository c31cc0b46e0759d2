"""Pseudo character centres of CLEval, and what else it reads off a word's shape.

Where the published package (PyPI ``cleval``) departs from the paper (Baek et al., CLEval, CVPRW
2020), the package decides, as published numbers come from it. Its two kinds of outlines differ:
corners of quadrilaterals are cut to whole pixels before areas are taken, polygons keep theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
import shapely

from spotter.errors import ConfigError
from spotter.geometry import as_shapely, min_area_rect

OutlineKind: TypeAlias = Literal["quads", "polygons"]

#: Most characters that a shape without text stands for.
_MOST_CHARACTERS = 10
_EPSILON = 1e-5


class Outlines(Protocol):
    """N words of one side; what CLEval needs to know of their shapes."""

    shapes: np.ndarray
    """(N,) valid shapely geometries whose areas are compared."""

    def pseudo_lengths(self) -> np.ndarray:
        """(N,) numbers of characters that the shapes of words without text suggest."""

    def false_characters(self) -> np.ndarray:
        """(N,) numbers of characters that unmatched detections invent."""

    def centres(self, lengths: np.ndarray) -> np.ndarray:
        """Centres of all characters, (sum of lengths, 2), word after word.

        Args:
            lengths: (N,) number of characters of each word.
        """

    def contain(self, words: np.ndarray, points: np.ndarray) -> np.ndarray:
        """(M,) bool, whether words contain points.

        Args:
            words: (M,) numbers of words.
            points: (M, 2) one point for each.
        """


def outlines_of(kind: OutlineKind, polygons: Sequence[np.ndarray], vertical: float) -> Outlines:
    """The words of one side as ``"quads"`` or ``"polygons"``.

    Args:
        kind: How to read them.
        polygons: N outlines, each (M_i, 2).
        vertical: See :class:`Quads`.

    Raises:
        ConfigError: Unknown kind.
    """
    if kind == "quads":
        return Quads(polygons, vertical)
    if kind == "polygons":
        return Strips(polygons)
    raise ConfigError(f"outlines must be quads or polygons, got {kind!r}.")


def _places(lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Word and place in its word, 0 to length - 1, of every character."""
    words: np.ndarray = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    return words, np.arange(len(words)) - starts[words]


class Quads:
    """Quadrilaterals, corners clockwise from the first character's top-left.

    Args:
        polygons: N outlines; those that do not have four corners are replaced by the smallest
            rotated rectangle around them.
        vertical: Words whose width is less than this multiple of their height are vertical.
    """

    def __init__(self, polygons: Sequence[np.ndarray], vertical: float = 0.5) -> None:
        corners: np.ndarray = np.zeros((len(polygons), 4, 2))
        for index, polygon in enumerate(polygons):
            if len(polygon):
                corners[index] = polygon if len(polygon) == 4 else min_area_rect(polygon)
        self.corners, self.vertical = corners, vertical
        self.whole = np.trunc(corners)
        self.shapes = as_shapely(list(self.whole))

    def aspect_ratios(self) -> np.ndarray:
        """(N,) mean horizontal by mean vertical side."""
        sides = np.roll(self.corners, -1, axis=1) - self.corners
        lengths = np.sqrt((sides**2).sum(axis=2))
        across, down = (lengths[:, 0] + lengths[:, 2]) / 2, (lengths[:, 1] + lengths[:, 3]) / 2
        return (across + _EPSILON) / (down + _EPSILON)

    def pseudo_lengths(self) -> np.ndarray:
        """(N,) long by short side, plus a half, rounded half to even, 10 at most."""
        ratios = self.aspect_ratios()
        return _at_most_ten(0.5 + np.maximum(ratios, 1 / ratios))

    def false_characters(self) -> np.ndarray:
        """(N,) height by width, rounded alike: in the package, a wide box is one character."""
        return _at_most_ten(0.5 + 1 / (_EPSILON + self.aspect_ratios()))

    def centres(self, lengths: np.ndarray) -> np.ndarray:
        """Evenly spread between the middles of the sides where the word begins and ends."""
        middles = (self.corners + np.roll(self.corners, -1, axis=1)) / 2
        # The package lets vertical words run from the bottom to the top.
        upright = (self.aspect_ratios() < self.vertical)[:, None]
        starts = np.where(upright, middles[:, 2], middles[:, 3])
        ends = np.where(upright, middles[:, 0], middles[:, 1])
        words, places = _places(lengths)
        units = (ends - starts)[words] / lengths[words][:, None]
        return starts[words] + units / 2 + units * places[:, None]

    def contain(self, words: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Crossing number, with the left and upper outline inside as in the package's library."""
        ends = self.whole[words]
        starts = np.roll(ends, 1, axis=1)
        x, y = points[:, None, 0], points[:, None, 1]
        crossed = (ends[..., 1] <= y) != (starts[..., 1] <= y)
        rise = np.where(crossed, starts[..., 1] - ends[..., 1], 1.0)
        at = (starts[..., 0] - ends[..., 0]) * (y - ends[..., 1]) / rise + ends[..., 0]
        return (crossed & (x < at)).sum(axis=1) % 2 == 1


class Strips:
    """Polygons whose first half of vertices is the top side and whose second half the bottom.

    Args:
        polygons: N outlines; a triangle gets the corner (x of its first vertex, y of its third).
    """

    def __init__(self, polygons: Sequence[np.ndarray]) -> None:
        self.polygons = [_at_least_four(np.asarray(polygon, np.float64)) for polygon in polygons]
        self.shapes = as_shapely(self.polygons)
        shapely.prepare(self.shapes)

    def pseudo_lengths(self) -> np.ndarray:
        """(N,) always 10: the package's aspect ratio of a polygon is beyond 1e5."""
        return np.full(len(self.polygons), _MOST_CHARACTERS)

    def false_characters(self) -> np.ndarray:
        """(N,) always 1, for the same reason."""
        return np.ones(len(self.polygons), dtype=np.int64)

    def centres(self, lengths: np.ndarray) -> np.ndarray:
        """Means of the four points that cut a character's part out of the top and bottom side.

        The sides are cut into equal numbers of parts per section between vertices, whatever its
        length; the package cuts such points, unless they are vertices, to whole pixels.
        """
        words, places = _places(lengths + 1)
        sums: np.ndarray = np.full((len(words), 2), np.nan)
        counts = np.array([len(polygon) for polygon in self.polygons], dtype=np.int64)
        for count in np.unique(counts):
            if count < 4:
                continue
            chosen = np.flatnonzero(counts == count)
            row: np.ndarray = np.zeros(len(counts), dtype=np.int64)
            row[chosen] = np.arange(len(chosen))
            rings = np.stack([self.polygons[index] for index in chosen])
            at = np.flatnonzero(counts[words] == count)
            tops, bottoms = rings[:, : count // 2], rings[:, count // 2 :][:, ::-1]
            where = (row[words[at]], places[at], lengths[words[at]], count // 2 - 1)
            sums[at] = _along(tops, *where) + _along(bottoms, *where)
        first = np.flatnonzero(places < lengths[words])
        return (sums[first] + sums[first + 1]) / 4

    def contain(self, words: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Without the outline."""
        return shapely.contains_xy(self.shapes[words], points[:, 0], points[:, 1])


def _at_most_ten(values: np.ndarray) -> np.ndarray:
    return np.minimum(np.rint(values), _MOST_CHARACTERS).astype(np.int64)


def _at_least_four(polygon: np.ndarray) -> np.ndarray:
    if len(polygon) != 3:
        return polygon
    return np.concatenate([polygon, [[polygon[0, 0], polygon[2, 1]]]])


def _along(
    sides: np.ndarray, rows: np.ndarray, places: np.ndarray, lengths: np.ndarray, sections: int
) -> np.ndarray:
    """Points where characters meet on one side.

    Args:
        sides: (R, V, 2) vertices.
        rows: (C,) which side.
        places: (C,) number of the cut, 0 to length.
        lengths: (C,) number of characters of the word.
        sections: Sections of a side that are cut; the last cut is its last vertex.

    Returns:
        (C, 2).
    """
    section, part = np.divmod(places * sections, np.maximum(lengths, 1))
    last = section >= sections
    section = np.minimum(section, sections - 1)
    starts, ends = sides[rows, section], sides[rows, section + 1]
    steps = (ends - starts) / np.maximum(lengths, 1)[:, None]
    between = np.trunc(starts + steps * part[:, None])
    points = np.where((part == 0)[:, None], starts, between)
    points[last] = sides[rows[last], -1]
    return points
