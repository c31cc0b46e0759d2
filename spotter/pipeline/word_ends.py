"""Extend detected outlines that leave out the first or last mark of a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spotter.geometry import pairwise_overlaps
from spotter.pipeline.ink import Ink, line_ink, part_of
from spotter.structures import TextInstance

_REACH = 0.5
"""How far the search goes beyond the ends, as a share of a word's height."""

_SPACE = 0.2
"""Widest space between a word and a mark that belongs to it, as a share of the height."""

_MARK = 0.3
_RIM = 0.06

_LEAST_CONTRAST = 80.0
"""Grey levels between ink and paper below which a mark looks like any blur."""

_OTHERS = 0.02


def extend_to_marks(image: np.ndarray, words: Sequence[TextInstance]) -> list[TextInstance]:
    """Extend words over marks or strokes directly before and after them.

    An outline is extended over the next run of ink if that is as near and as short as a mark, and
    does not belong to another word.

    Args:
        image: (H, W, 3) uint8.
        words: The words found in the image; those with more than four corners are not changed.
    """
    found = list(words)
    places, parts, ends = [], [], []
    for index, word in enumerate(words):
        if len(word.polygon) != 4:
            continue
        width, height = _sides(word.polygon)
        if width < height / 2:
            continue
        share = _REACH * height / width
        ink = line_ink(image, part_of(word.polygon, -share, 1 + share))
        if ink is None or ink.contrast < _LEAST_CONTRAST:
            continue
        before, after = _missing(ink)
        if before or after:
            start, end = -before * height / width, 1 + after * height / width
            places.append(index)
            ends.append((start, end))
            parts += [part_of(word.polygon, start, -1e-3), part_of(word.polygon, 1 + 1e-3, end)]
    if not places:
        return found
    overlaps = pairwise_overlaps(parts, [word.polygon for word in words]).intersections
    for row, (index, (start, end)) in enumerate(zip(places, ends, strict=True)):
        polygon = words[index].polygon
        limit = _OTHERS * _sides(polygon)[1] ** 2
        others = np.delete(overlaps[2 * row : 2 * row + 2], index, axis=1)
        free = [bool((side <= limit).all()) for side in others]
        moved = part_of(polygon, start if free[0] else 0.0, end if free[1] else 1.0)
        found[index] = replace(words[index], polygon=moved)
    return found


def _sides(quad: np.ndarray) -> tuple[float, float]:
    """Width and height of a quadrilateral."""
    width = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    height = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    return max(width, 1e-6), max(height, 1e-6)


def _missing(ink: Ink) -> tuple[float, float]:
    """How far ink reaches beyond the start and the end, as shares of the height."""
    bound = round(_REACH * ink.per_height)
    return (
        _beyond(ink.columns[: bound + 1][::-1], ink.per_height),
        _beyond(ink.columns[-bound - 1 :], ink.per_height),
    )


def _beyond(columns: np.ndarray, per_height: float) -> float:
    """How far to move an end outward.

    Args:
        columns: Which have ink, outward from the last one inside.
        per_height: Columns per height.
    """
    inked = np.flatnonzero(columns)
    if not len(inked) or inked[0] > _SPACE * per_height:
        return 0.0
    blank = np.flatnonzero(~columns[inked[0] :])
    if not len(blank):
        return 0.0
    stop = int(inked[0] + blank[0])
    # What goes on to the limit or is wider than a mark is something else.
    if stop <= 1 or stop - inked[0] > _MARK * per_height or columns[stop:].any():
        return 0.0
    return stop / per_height + _RIM
