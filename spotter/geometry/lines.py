"""Text lines, paragraphs and reading order of the words of a photo.

Words that stand close together on one baseline are a segment; segments below each other with a
common left side, right side or middle are a block. Where the rows of two blocks that stand side by
side match and one of the blocks has one word per row, the two are a table, and its rows are lines;
otherwise the space between them is a gutter and is not crossed. Blocks are ordered as in Breuel,
"High performance document layout analysis" (SDIUT 2003): what stands above comes first, and what
stands to the left comes first unless something that spans both stands between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spotter.geometry.vertex_order import min_area_rect, order_vertices

_WORD_GAP = 1.1
"""Widest space between words of a segment, as a share of their mean height."""

_LEVEL = 0.5
"""Largest vertical distance of the middles of neighbours, as a share of the smaller height."""

_HEIGHT_RATIO = 2.2
_LINE_HEIGHT_RATIO = 1.6
_LINE_GAP = 0.9
"""Largest space between the lines of a block, as a share of their mean height."""

_TABLE_ROWS = 2
_TABLE_LINE_GAP = 3.0
_TABLE_MATCH = 0.7
_TABLE_GAP = 40.0
"""Widest space between two cells of a row, as a share of their mean height."""

_ALIGNED = 1.0
"""Largest offset of the sides or middles of aligned lines, as a share of their mean height."""


@dataclass
class _Box:
    """Upright box of a word, segment or line in the frame in which text runs to the right.

    Attributes:
        members: Indices of its words, from left to right.
        x0: Left side.
        x1: Right side.
        y: Middle.
        height: Height: of a segment, the median of its words'.
    """

    members: list[int]
    x0: float
    x1: float
    y: float
    height: float

    @property
    def top(self) -> float:
        """Upper side."""
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        """Lower side."""
        return self.y + self.height / 2


def group_paragraphs(
    polygons: Sequence[np.ndarray], direction: float | None = None
) -> list[list[list[int]]]:
    """Group words into lines and lines into paragraphs, in reading order.

    Args:
        polygons: A words, each (N_i, 2), pixels; with a ``direction``, each from its first
            character's top-left corner, otherwise in any order.
        direction: Degrees, clockwise from the x axis, in which the lines of the photo run, such as
            180 for a photo that stands on its head; ``None``: the photo is upright, perhaps skewed.

    Returns:
        Paragraphs of lines of indices: a permutation of ``range(A)`` when flattened. Words that run
        across the photo's direction have lines of their own.
    """
    if not len(polygons):
        return []
    boxes = np.stack(
        [
            order_vertices(p) if direction is None and len(p) == 4 else _oriented_box(p, direction)
            for p in polygons
        ]
    ).astype(np.float64)
    turn = np.deg2rad(0.0 if direction is None else direction)
    boxes = boxes @ _rotation(turn)
    boxes = boxes @ _rotation(_skew(boxes))
    quarters = _quarters(boxes)
    paragraphs: list[list[_Box]] = []
    for quarter in range(4):
        members = np.flatnonzero(quarters == quarter)
        if len(members):
            turned = boxes[members] @ _rotation(np.deg2rad(90.0 * quarter))
            for block in _blocks_of_lines(_word_boxes(turned, members)):
                upright = [_bounding(line.members, boxes) for line in block]
                paragraphs.append(upright)
    order = _block_order(paragraphs)
    return [[line.members for line in paragraphs[index]] for index in order]


def group_lines(polygons: Sequence[np.ndarray], direction: float | None = None) -> list[list[int]]:
    """Group words into text lines, in reading order.

    Args:
        polygons: See :func:`group_paragraphs`.
        direction: See :func:`group_paragraphs`.

    Returns:
        Lines, each a list of indices from the first word to the last.
    """
    return [line for block in group_paragraphs(polygons, direction) for line in block]


def reading_order(polygons: Sequence[np.ndarray], direction: float | None = None) -> list[int]:
    """Order of words for a reader: paragraph by paragraph, line by line.

    Args:
        polygons: See :func:`group_paragraphs`.
        direction: See :func:`group_paragraphs`.

    Returns:
        Permutation of ``range(A)``.
    """
    return [index for line in group_lines(polygons, direction) for index in line]


def _rotation(angle: float) -> np.ndarray:
    """Matrix M with which ``points @ M`` turns points anticlockwise on screen, (2, 2)."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _oriented_box(polygon: np.ndarray, direction: float | None) -> np.ndarray:
    """(4, 2) rectangle around a word, from the corner at which its first side begins.

    Boxes that are nearly square say little about their direction and take that of the photo.
    """
    rectangle = np.asarray(polygon, np.float64) if len(polygon) == 4 else min_area_rect(polygon)
    if direction is None:
        return rectangle
    sides = np.roll(rectangle, -1, axis=0) - rectangle
    lengths = np.linalg.norm(sides, axis=1)
    if len(polygon) == 4 and lengths[:2].max() >= 1.5 * lengths[:2].min():
        return rectangle
    half = len(polygon) // 2
    wanted = np.deg2rad(direction)
    along = np.array([np.cos(wanted), np.sin(wanted)])
    if len(polygon) > 4:
        ends = polygon[[half - 1, half]].mean(axis=0) - polygon[[0, -1]].mean(axis=0)
        along = np.asarray(ends, np.float64)
    first = int(np.argmax(sides @ along / np.maximum(lengths, 1e-9)))
    return np.roll(rectangle, -first, axis=0)


def _skew(boxes: np.ndarray) -> float:
    """Median reading angle in radians of the clearly elongated, roughly horizontal boxes."""
    top = boxes[:, 1] - boxes[:, 0]
    width, height = np.linalg.norm(top, axis=1), np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    angles = np.arctan2(top[:, 1], top[:, 0])
    telling = angles[(width >= 1.5 * height) & (np.abs(angles) < np.pi / 4)]
    return float(np.median(telling)) if len(telling) else 0.0


def _quarters(boxes: np.ndarray) -> np.ndarray:
    """(A,) quarter turns, clockwise, from the x axis to each word's reading direction."""
    top = boxes[:, 1] - boxes[:, 0]
    angles = np.rad2deg(np.arctan2(top[:, 1], top[:, 0]))
    # Words that are only somewhat oblique stay with the lines of the photo.
    quarters = np.round(angles / 90.0).astype(int) % 4
    return np.where(np.abs(angles) <= 60.0, 0, quarters)


def _bounding(members: list[int], boxes: np.ndarray) -> _Box:
    """Box of a line in the common frame of all lines."""
    points = boxes[members].reshape(-1, 2)
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return _Box(members, x0, x1, (y0 + y1) / 2, y1 - y0)


def _word_boxes(boxes: np.ndarray, indices: np.ndarray) -> list[_Box]:
    centres = boxes.mean(axis=1)
    widths = np.linalg.norm(boxes[:, 1] - boxes[:, 0], axis=1)
    heights = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    rows = zip(indices.tolist(), centres.tolist(), widths.tolist(), heights.tolist(), strict=True)
    return [_Box([i], x - w / 2, x + w / 2, y, max(h, 1e-6)) for i, (x, y), w, h in rows]


def _joined(boxes: Sequence[_Box]) -> _Box:
    """Several boxes of one line as one."""
    parts = sorted(boxes, key=lambda box: (box.x0 + box.x1, box.y))
    members = [index for part in parts for index in part.members]
    return _Box(
        members,
        min(part.x0 for part in parts),
        max(part.x1 for part in parts),
        float(np.median([part.y for part in parts])),
        float(np.median([part.height for part in parts])),
    )


def _components(count: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Connected components of a graph, each sorted, in the order of their first members."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs:
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for i in range(count):
        groups.setdefault(root(i), []).append(i)
    return list(groups.values())


def _table(boxes: Sequence[_Box]) -> np.ndarray:
    """(A, 4) left, right, middle, height."""
    return np.array([[b.x0, b.x1, b.y, b.height] for b in boxes]).reshape(-1, 4)


def _segments(words: list[_Box]) -> list[_Box]:
    """Words joined over spaces of common width, each with its nearest neighbour to the right."""
    table = _table(words)
    order = np.argsort(table[:, 2], kind="stable")
    reach = _LEVEL * table[:, 3].max()
    ys = table[order, 2]
    pairs = []
    for i, (_, x1, y, height) in enumerate(table.tolist()):
        near = order[np.searchsorted(ys, y - reach) : np.searchsorted(ys, y + reach, "right")]
        other = table[near]
        mean = (other[:, 3] + height) / 2
        gap = other[:, 0] - x1
        middle = (table[i, 0] + x1) / 2
        fits = (
            (np.abs(other[:, 2] - y) <= _LEVEL * np.minimum(other[:, 3], height))
            & (np.maximum(other[:, 3], height) <= _HEIGHT_RATIO * np.minimum(other[:, 3], height))
            & (gap <= _WORD_GAP * mean)
            & ((other[:, 0] + other[:, 1]) / 2 > middle)
        )
        if fits.any():
            candidates = near[fits]
            pairs.append((i, int(candidates[np.argmin(gap[fits])])))
    groups = _components(len(words), pairs)
    return [_joined([words[i] for i in group]) for group in groups]


def _blocks(lines: list[_Box], line_gap: float = _LINE_GAP) -> list[list[int]]:
    """Lines that stand below each other in one column: indices, from the top."""
    table = _table(lines)
    pairs = []
    for i, (x0, x1, y, height) in enumerate(table.tolist()):
        mean = (table[:, 3] + height) / 2
        space = (table[:, 2] - y) - mean
        overlap = np.minimum(table[:, 1], x1) - np.maximum(table[:, 0], x0)
        shorter = np.minimum(table[:, 1] - table[:, 0], x1 - x0)
        offsets = (table[:, :2] - (x0, x1)).T
        aligned = np.abs([*offsets, offsets.mean(axis=0)]).min(axis=0) <= _ALIGNED * mean
        smaller, larger = np.minimum(table[:, 3], height), np.maximum(table[:, 3], height)
        fits = (
            (space >= -0.5 * mean)
            & (space <= line_gap * mean)
            & (table[:, 2] > y)
            & (larger <= _LINE_HEIGHT_RATIO * smaller)
            & (overlap > 0)
            & (aligned | (overlap >= 0.8 * shorter))
        )
        below = np.flatnonzero(fits)
        if len(below):
            # The nearest row only; a line may have several segments below it.
            nearest = space[below].min()
            pairs += [(i, int(j)) for j in below if space[j] <= nearest + 0.3 * mean[j]]
    groups = _components(len(lines), pairs)
    return [sorted(group, key=lambda i: (lines[i].y, lines[i].x0)) for group in groups]


def _rows_of_tables(segments: list[_Box]) -> list[_Box]:
    """Join cells of one row, where blocks side by side are the columns of a table."""
    blocks = _blocks(segments, _TABLE_LINE_GAP)
    pairs: list[tuple[int, int]] = []
    for a, left in enumerate(blocks):
        for b, right in enumerate(blocks):
            if a == b:
                continue
            rows = _matching_rows([segments[i] for i in left], [segments[i] for i in right])
            if len(rows) < max(_TABLE_ROWS, _TABLE_MATCH * min(len(left), len(right))):
                continue
            counts = [[len(segments[i].members) for i in each] for each in (left, right)]
            if min(float(np.median(each)) for each in counts) < 2:
                pairs += [(left[i], right[j]) for i, j in rows]
    groups = _components(len(segments), pairs)
    return [_joined([segments[i] for i in group]) for group in groups]


def _matching_rows(left: list[_Box], right: list[_Box]) -> list[tuple[int, int]]:
    """Pairs of segments on one level, the second to the right of the first."""
    rows = []
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            smaller = min(one.height, other.height)
            gap = other.x0 - one.x1
            if (
                abs(one.y - other.y) <= _LEVEL * smaller
                and 0 < gap <= _TABLE_GAP * (one.height + other.height) / 2
                and max(one.height, other.height) <= _HEIGHT_RATIO * smaller
            ):
                rows.append((i, j))
    return rows


def _blocks_of_lines(words: list[_Box]) -> list[list[_Box]]:
    lines = _rows_of_tables(_segments(words))
    return [[lines[i] for i in block] for block in _blocks(lines)]


def _block_order(blocks: list[list[_Box]]) -> list[int]:
    """Breuel's order of blocks, ties from the top left."""
    x0, x1, top, bottom = (
        np.array([reduce([getattr(line, name) for line in block]) for block in blocks])
        for reduce, name in ((min, "x0"), (max, "x1"), (min, "top"), (max, "bottom"))
    )
    overlaps = (np.minimum(x1[:, None], x1) - np.maximum(x0[:, None], x0)) > 0
    middle = (top + bottom) / 2
    before = overlaps & (middle[:, None] < middle)
    beside = x1[:, None] <= x0
    for c in range(len(blocks)):
        # A block that spans both and stands between them keeps them apart.
        spans = overlaps[:, c][:, None] & overlaps[c][None, :]
        low, high = np.minimum(middle[:, None], middle), np.maximum(middle[:, None], middle)
        beside &= ~(spans & (low < middle[c]) & (middle[c] < high))
    before |= beside
    left = list(np.lexsort((x0, top)))
    order: list[int] = []
    while left:
        free = [i for i in left if not any(before[j, i] for j in left if j != i)]
        # Blocks in a ring (which skewed pages may have) are taken from the top.
        chosen = free[0] if free else left[0]
        order.append(int(chosen))
        left.remove(chosen)
    return order
