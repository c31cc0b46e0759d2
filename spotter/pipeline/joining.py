"""Join the pieces of words: letterspaced or vertical capitals, and words that were cut at a mark.

Candidates are proposed before reading, from the boxes and the ink between them. A candidate is read
along with its pieces, and may replace them, see :mod:`spotter.pipeline.join_choice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from spotter.geometry import min_area_rect
from spotter.pipeline.columns import vertical_words
from spotter.pipeline.ink import line_ink, part_of
from spotter.structures import TextInstance

_SAME_DIRECTION = 0.97
"""Least cosine of the angle between words of one line."""

_LEVEL = 0.35
_HEIGHT_RATIO = 1.6
_PIECE_GAP = 0.5
"""Widest gap between the boxes of two pieces, as a share of their height: that of a mark that
neither of them holds."""

SHARED = 0.2
"""Overlap along the line from which on two boxes hold the same character, in their heights."""

_TOUCHING = 0.05
"""Overlap from which on boxes leave no space between them."""

_SPACE = 0.16
"""Columns without ink that part two words, as a share of the height."""

_LETTER_GAP, _LETTER_WIDTH = 0.2, 1.2
"""Of letterspaced words: least space between letters and greatest width of a letter, in heights."""

_EVEN = 1.6
"""Widest space between two pieces of a word, as a multiple of that between their letters."""

_CHAIN_GAP = 1.2
_WORD_SPACE = 1.8
"""A space between letterspaced words, as a multiple of that between their letters."""


@dataclass(frozen=True)
class JoinedWord:
    """A word that several detections may be pieces of.

    Attributes:
        members: Indices of the pieces, in reading order.
        word: The whole.
        spaced: Its letters stand apart.
        vertical: They stand one below the other.
        overlaps: How far the boxes of pieces side by side overlap, as shares of their height; below
            0: a gap. Of pieces in a row, one fewer than there are of them.
        even: The pieces stand no farther apart than the letters in them.
    """

    members: list[int]
    word: TextInstance
    spaced: bool = False
    vertical: bool = False
    overlaps: tuple[float, ...] = ()
    even: bool = False

    @property
    def shared(self) -> int:
        """At how many joints of the pieces both boxes hold the same character."""
        return sum(overlap > SHARED for overlap in self.overlaps)

    @property
    def touching(self) -> bool:
        """Whether the boxes overlap so far that none of the joints is a space."""
        return self.shared > 0 or (len(self.overlaps) > 0 and min(self.overlaps) > _TOUCHING)


def propose_joins(image: np.ndarray, words: Sequence[TextInstance]) -> list[JoinedWord]:
    """Candidates for joined words; a detection is a piece of at most one of them.

    Args:
        image: (H, W, 3) uint8, in which the lines run to the right.
        words: Found in it.
    """
    quads = [w.polygon if len(w.polygon) == 4 else min_area_rect(w.polygon) for w in words]
    joined = [JoinedWord(*column, vertical=True) for column in vertical_words(words, quads)]
    used = {index for each in joined for index in each.members}
    neighbours = _right_neighbours(quads)
    for chain in _chains(neighbours, quads, _CHAIN_GAP, used):
        spaced = _spaced_words(image, words, quads, chain)
        joined += spaced
        used |= {index for each in spaced for index in each.members}
    for chain in _chains(neighbours, quads, _PIECE_GAP, used):
        # By the piece before each joint.
        even = {a: _is_even(image, quads[a], quads[b]) for a, b in pairwise(chain)}
        for piece in _without_spaces(image, quads, chain, even):
            alike = all(even[index] for index in piece[:-1])
            overlaps = _overlaps(quads, piece)
            join = JoinedWord(piece, _whole(words, quads, piece), overlaps=overlaps, even=alike)
            if not (join.shared and _has_space(image, join.word)):
                joined.append(join)
    return joined


def axes(quad: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Unit vector (2,) of the reading direction, width and height in pixels of a (4, 2) outline."""
    along = (quad[1] + quad[2] - quad[0] - quad[3]) / 2
    across = (quad[2] + quad[3] - quad[0] - quad[1]) / 2
    width = max(float(np.linalg.norm(along)), 1e-6)
    return along / width, width, max(float(np.linalg.norm(across)), 1e-6)


def _right_neighbours(quads: Sequence[np.ndarray]) -> list[tuple[int, int, float]]:
    """Pairs of words next to each other on a line, and the gaps as shares of their height."""
    if not quads:
        return []
    parts = [axes(quad) for quad in quads]
    along = np.stack([each[0] for each in parts])
    widths, heights = (np.array([each[k] for each in parts]) for k in (1, 2))
    centres = np.stack([quad.mean(axis=0) for quad in quads])
    pairs = []
    for i, (axis, width, height) in enumerate(parts):
        offset = centres - centres[i]
        ahead = offset @ axis
        aside = np.abs(offset @ np.array([-axis[1], axis[0]]))
        mean = (heights + height) / 2
        gap = (ahead - (widths + width) / 2) / mean
        # The box of one letter tells its direction badly.
        alike = (along @ axis >= _SAME_DIRECTION) | (np.minimum(widths, width) < 1.3 * mean)
        fits = (
            alike
            & (ahead > 0.3 * mean)
            & (aside <= _LEVEL * mean)
            & (np.maximum(heights, height) <= _HEIGHT_RATIO * np.minimum(heights, height))
            & (gap <= _CHAIN_GAP)
        )
        candidates = np.flatnonzero(fits)
        if len(candidates):
            nearest = int(candidates[np.argmin(ahead[candidates])])
            pairs.append((i, nearest, float(gap[nearest])))
    return pairs


def _chains(
    neighbours: Sequence[tuple[int, int, float]],
    quads: Sequence[np.ndarray],
    widest: float,
    used: set[int],
) -> list[list[int]]:
    """Words in a row with gaps of at most so many heights, from left to right; also single ones."""
    following = {
        i: j for i, j, gap in neighbours if gap <= widest and i not in used and j not in used
    }
    # Of two words with one right neighbour, the later one in the list is taken.
    before = {j: i for i, j in following.items()}
    chains = []
    for start in range(len(quads)):
        if start in used or start in before:
            continue
        chain = [start]
        while (after := following.get(chain[-1])) is not None and before.get(after) == chain[-1]:
            chain.append(after)
        chains.append(chain)
    return chains


def _whole(
    words: Sequence[TextInstance], quads: Sequence[np.ndarray], members: Sequence[int]
) -> TextInstance:
    """The box around several pieces in a row, in the direction of the whole."""
    points = np.concatenate([quads[index] for index in members])
    longest = max(members, key=lambda index: axes(quads[index])[1])
    ends = quads[members[-1]].mean(axis=0) - quads[members[0]].mean(axis=0)
    axis = ends / max(float(np.linalg.norm(ends)), 1e-6)
    if len(members) == 2 or axes(quads[longest])[1] > np.linalg.norm(ends):
        axis = axes(quads[longest])[0]
    normal = np.array([-axis[1], axis[0]])
    x, y = points @ axis, points @ normal
    frame = [(x.min(), y.min()), (x.max(), y.min()), (x.max(), y.max()), (x.min(), y.max())]
    corners = np.array([a * axis + b * normal for a, b in frame], np.float32)
    score = float(np.mean([words[index].detection_score for index in members]))
    return TextInstance(corners, detection_score=score)


def _without_spaces(
    image: np.ndarray, quads: Sequence[np.ndarray], chain: list[int], even: Mapping[int, bool]
) -> list[list[int]]:
    """Runs of two and more pieces between which the ink leaves no space."""
    groups = [[chain[0]]]
    for left, right in pairwise(chain):
        pair = quads[left], quads[right]
        near = _overlap(*pair) > SHARED or _space_between(image, *pair) < _SPACE
        if near or even[left]:
            groups[-1].append(right)
        else:
            groups.append([right])
    return [group for group in groups if len(group) > 1]


def _overlap(left: np.ndarray, right: np.ndarray) -> float:
    """How far two boxes overlap along their line, as a share of their height; below 0: a gap."""
    axis, width, height = axes(left)
    _, other_width, other_height = axes(right)
    ahead = float((right.mean(axis=0) - left.mean(axis=0)) @ axis)
    return ((width + other_width) / 2 - ahead) / ((height + other_height) / 2)


def _has_space(image: np.ndarray, word: TextInstance) -> bool:
    ink = line_ink(image, word.polygon)
    return ink is None or bool(ink.word_spaces())


def _overlaps(quads: Sequence[np.ndarray], members: Sequence[int]) -> tuple[float, ...]:
    """How far pieces in a row overlap, see :class:`JoinedWord`."""
    return tuple(_overlap(quads[left], quads[right]) for left, right in pairwise(members))


def _space_between(image: np.ndarray, left: np.ndarray, right: np.ndarray) -> float:
    """Widest run without ink around the joint of two boxes, as a share of their height."""
    _, width, height = axes(left)
    _, other_width, other_height = axes(right)
    reach = 0.5 * (height + other_height) / 2
    joint = np.array([left[1], right[0], right[3], left[2]], np.float32)
    # The joint may be narrower than nothing: boxes of pieces overlap.
    start = part_of(left, 1 - min(reach / width, 0.8), 1)
    end = part_of(right, 0, min(reach / other_width, 0.8))
    quad = np.array([start[0], end[1], end[2], start[3]], np.float32)
    if np.linalg.norm(quad[1] - quad[0]) < 0.3 * height or not np.isfinite(joint).all():
        return np.inf
    ink = line_ink(image, quad)
    if ink is None:
        return np.inf
    blank = [b - a for a, b in ink.runs(value=False)]
    return max(blank, default=0) / ink.per_height


def _spaced_words(
    image: np.ndarray,
    words: Sequence[TextInstance],
    quads: Sequence[np.ndarray],
    chain: list[int],
) -> list[JoinedWord]:
    """Letterspaced words in a row of boxes."""
    whole = _whole(words, quads, chain)
    _, width, height = axes(whole.polygon)
    if width < 2.5 * height:
        return []
    ink = line_ink(image, whole.polygon)
    if ink is None:
        return []
    runs = ink.runs()
    gaps = np.array([b[0] - a[1] for a, b in pairwise(runs)]) / ink.per_height
    widths = np.array([b - a for a, b in runs]) / ink.per_height
    if len(runs) < 3 or np.median(gaps) < _LETTER_GAP or widths.max() > _LETTER_WIDTH:
        return []
    usual = float(np.median(gaps))
    # Letters of one word stand at like distances.
    if (gaps < 0.5 * usual).mean() > 0.25:
        return []
    breaks = [0, *(np.flatnonzero(gaps > _WORD_SPACE * usual) + 1).tolist(), len(runs)]
    count = len(ink.columns)
    found = []
    for first, last in pairwise(breaks):
        if last - first < 3:
            continue
        rim = 0.1 * ink.per_height
        start, end = (runs[first][0] - rim) / count, (runs[last - 1][1] + rim) / count
        members = [i for i in chain if start <= _share(whole.polygon, quads[i]) <= end]
        if members:
            score = float(np.mean([words[i].detection_score for i in members]))
            outline = part_of(whole.polygon, start, end)
            word = TextInstance(outline, detection_score=score)
            overlaps = _overlaps(quads, members)
            found.append(JoinedWord(members, word, spaced=True, overlaps=overlaps))
    return found


def _is_even(image: np.ndarray, left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two boxes stand no farther apart than the letters in them."""
    gaps: list[float] = []
    for quad in (left, right):
        ink = line_ink(image, quad)
        if ink is not None:
            gaps += [(b[0] - a[1]) / ink.per_height for a, b in pairwise(ink.runs())]
    if len(gaps) < 2:
        return False
    return _space_between(image, left, right) < _EVEN * float(np.median(gaps))


def _share(line: np.ndarray, quad: np.ndarray) -> float:
    """Where along a line the middle of a box is, as a share of its width."""
    axis, width, _ = axes(line)
    start = (line[0] + line[3]) / 2
    return float((quad.mean(axis=0) - start) @ axis) / width
