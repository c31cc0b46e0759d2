"""Other outlines of the same words, from passes at other scales, which are read as well.

A large word may break into pieces at a fine scale, and lines that stand close may become one word
at a coarse one. Which outlines are right shows when they are read
(:mod:`spotter.pipeline.alternative_choice`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spotter.geometry import pairwise_overlaps
from spotter.structures import TextInstance

SAME_WORD = 0.5
"""Of either outline, from which share on two of them are of the same word."""

_ALIKE = 0.8
"""Intersection over union from which on one outline is as good as the other."""

_MOST = 6
"""Words on either side; what is more is not one place any more."""


@dataclass(frozen=True)
class Alternative:
    """Words that may be in the place of others.

    Attributes:
        members: Indices of the others.
        words: The words, with outlines in the same pixels.
        covered: Least share of the area of one of the others that the words cover.
        lengthens: Whether this is one of the others with a longer outline.
    """

    members: list[int]
    words: list[TextInstance]
    covered: float = 1.0
    lengthens: bool = False


def propose_alternatives(
    words: Sequence[TextInstance], passes: Sequence[Sequence[TextInstance]]
) -> list[Alternative]:
    """Where passes saw other words than those that were chosen.

    Args:
        words: Those that were chosen.
        passes: The words of each pass, in the same pixels.
    """
    found: list[Alternative] = []
    seen: set[tuple[tuple[int, ...], tuple[bytes, ...]]] = set()
    for others in passes:
        if not words or not others:
            continue
        overlaps = pairwise_overlaps([w.polygon for w in words], [o.polygon for o in others])
        same = np.maximum(overlaps.first_share, overlaps.second_share) > SAME_WORD
        for members, alternatives in _groups(same):
            if not 0 < len(members) <= _MOST or not 0 < len(alternatives) <= _MOST:
                continue
            single = len(members) == len(alternatives) == 1
            if single and overlaps.iou[members[0], alternatives[0]] >= _ALIKE:
                continue
            key = tuple(members), tuple(others[index].polygon.tobytes() for index in alternatives)
            if key not in seen:
                seen.add(key)
                shares = overlaps.first_share[np.ix_(members, alternatives)].sum(axis=1)
                words_of_pass = [others[index] for index in alternatives]
                found.append(Alternative(members, words_of_pass, float(shares.min())))
    return found


def _groups(same: np.ndarray) -> list[tuple[list[int], list[int]]]:
    """Rows and columns of (A, B) bool that are connected."""
    found = []
    left = set(np.flatnonzero(same.any(axis=1)).tolist())
    while left:
        rows = {left.pop()}
        while True:
            columns = np.flatnonzero(same[sorted(rows)].any(axis=0))
            more = set(np.flatnonzero(same[:, columns].any(axis=1)).tolist())
            if more <= rows:
                break
            rows |= more
        left -= rows
        found.append((sorted(rows), columns.tolist()))
    return found
