"""Columns of upright characters, one below the other, among the boxes of a photo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotter.geometry import order_vertices
from spotter.structures import TextInstance

_STACK_GAP, _STACK_OFFSET, _STACK_PITCH = 0.9, 0.35, 0.2
"""Of the characters of a column, as shares of a character: widest gap, largest sideways offset, and
spread of their distances."""

_TALL = 1.8
"""Least height of a column of characters, in widths."""


def vertical_words(
    words: Sequence[TextInstance], quads: Sequence[np.ndarray]
) -> list[tuple[list[int], TextInstance]]:
    """Columns of three and more single upright characters that have no neighbours in their rows,
    and tall boxes with one more character at an end, which the detector has cut off.

    Args:
        words: Found in a photo.
        quads: Their outlines, (4, 2) each.

    Returns:
        The indices of the boxes of each column, from top to bottom, and the word around them.
    """
    boxes = np.array([[*q.min(axis=0), *q.max(axis=0)] for q in quads]).reshape(-1, 4)
    sizes = boxes[:, 2:] - boxes[:, :2]
    middles = (boxes[:, 2:] + boxes[:, :2]) / 2
    single = (sizes[:, 0] <= 1.5 * sizes[:, 1]) & (sizes[:, 1] <= 2.2 * sizes[:, 0])
    below: dict[int, int] = {}
    for i in np.flatnonzero(single).tolist():
        height = sizes[i, 1]
        level = np.abs(middles[:, 1] - middles[i, 1]) <= 0.5 * height
        near = np.abs(middles[:, 0] - middles[i, 0]) - sizes[:, 0] / 2 <= 4 * height
        if (level & near).sum() > 1:
            single[i] = False
    for i in np.flatnonzero(single).tolist():
        height = sizes[i, 1]
        fits = (
            single
            & (middles[:, 1] > middles[i, 1])
            & (np.abs(middles[:, 0] - middles[i, 0]) <= _STACK_OFFSET * height)
            & (boxes[:, 1] - boxes[i, 3] <= _STACK_GAP * height)
            & (np.maximum(sizes[:, 1], height) <= 1.5 * np.minimum(sizes[:, 1], height))
        )
        candidates = np.flatnonzero(fits)
        if len(candidates):
            below[i] = int(candidates[np.argmin(middles[candidates, 1])])
    found = []
    for start in sorted(set(below) - set(below.values())):
        column = [start]
        while column[-1] in below:
            column.append(below[column[-1]])
        pitch = np.diff(middles[column, 1])
        if len(column) < 3 or np.std(pitch) > _STACK_PITCH * np.mean(pitch):
            continue
        found.append((column, _around(words, boxes, column)))
    used = {index for column, _ in found for index in column}
    return found + _cut_columns(words, boxes, single, used)


def _cut_columns(
    words: Sequence[TextInstance], boxes: np.ndarray, single: np.ndarray, used: set[int]
) -> list[tuple[list[int], TextInstance]]:
    """Tall boxes with one more character above or below: columns that the detector has cut."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    middles = (boxes[:, 2:] + boxes[:, :2]) / 2
    found = []
    for i in np.flatnonzero(sizes[:, 1] > _TALL * sizes[:, 0]).tolist():
        width = sizes[i, 0]
        gaps = np.maximum(boxes[:, 1] - boxes[i, 3], boxes[i, 1] - boxes[:, 3])
        fits = (
            single
            & (np.abs(middles[:, 0] - middles[i, 0]) <= _STACK_OFFSET * width)
            & (gaps <= _STACK_GAP * width)
            & (gaps >= -_STACK_OFFSET * width)
            & (np.maximum(sizes[:, 0], width) <= 2.0 * np.minimum(sizes[:, 0], width))
        )
        members = [index for index in np.flatnonzero(fits).tolist() if index not in used]
        if i in used or len(members) != 1:
            continue
        column = sorted([i, *members], key=lambda index: middles[index, 1])
        used |= set(column)
        found.append((column, _around(words, boxes, column)))
    return found


def _around(
    words: Sequence[TextInstance], boxes: np.ndarray, column: Sequence[int]
) -> TextInstance:
    low, high = boxes[column, :2].min(axis=0), boxes[column, 2:].max(axis=0)
    corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]], np.float32)
    score = float(np.mean([words[index].detection_score for index in column]))
    return TextInstance(order_vertices(corners), detection_score=score)
