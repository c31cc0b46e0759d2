"""Edit distances between two words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import TypeAlias

import numpy as np

#: (one character, another) to the cost of putting one for the other, in (0, 1].
Costs: TypeAlias = Mapping[tuple[str, str], float]

_LOOKALIKES = ("O0QD", "Il1|!i", "S5$s", "B8", "Z2z", "Gb6", "gq9", "Oo0", "Cc", "UVuv", "A4", "T7")

#: Substitutions of characters that look alike cost half an edit.
VISUAL_COSTS: Costs = {pair: 0.5 for group in _LOOKALIKES for pair in permutations(group, 2)}


def edit_distance(first: str, second: str) -> int:
    """Levenshtein distance: least number of insertions, deletions and substitutions.

    Bit-parallel (Myers 1999, in Hyyro's 2003 formulation): one pass over the longer word whose
    state is a column of the table, held in the bits of a Python integer of any length.

    Args:
        first: A word, compared by code points.
        second: Another.

    Returns:
        Distance, 0 to ``max(len(first), len(second))``.
    """
    if first == second:
        return 0
    if len(first) > len(second):
        first, second = second, first
    if not first:
        return len(second)
    matches: dict[str, int] = {}
    for position, character in enumerate(first):
        matches[character] = matches.get(character, 0) | (1 << position)
    mask = (1 << len(first)) - 1
    last = 1 << (len(first) - 1)
    plus, minus, score = mask, 0, len(first)
    for character in second:
        match = matches.get(character, 0)
        diagonal = ((((match & plus) + plus) ^ plus) | match | minus) & mask
        up = minus | (mask & ~(diagonal | plus))
        down = plus & diagonal
        if up & last:
            score += 1
        elif down & last:
            score -= 1
        up = (up << 1) | 1
        plus = ((down << 1) | ~(diagonal | up)) & mask
        minus = up & diagonal & mask
    return score


def weighted_edit_distance(first: str, second: str, costs: Costs = VISUAL_COSTS) -> float:
    """Edit distance whose substitutions may be cheap.

    Args:
        first: A word.
        second: Another.
        costs: (character of ``first``, character of ``second``) to cost in (0, 1]; pairs that are
            missing, insertions and deletions cost 1.

    Returns:
        Distance, at most :func:`edit_distance`.
    """
    row = [float(j) for j in range(len(second) + 1)]
    for i, one in enumerate(first):
        diagonal, row[0] = row[0], float(i + 1)
        for j, other in enumerate(second, start=1):
            change = 0.0 if one == other else costs.get((one, other), 1.0)
            best = min(diagonal + change, row[j] + 1.0, row[j - 1] + 1.0)
            diagonal, row[j] = row[j], best
    return row[-1]


def weighted_edit_distances(
    first: str, others: Sequence[str], costs: Costs = VISUAL_COSTS
) -> np.ndarray:
    """:func:`weighted_edit_distance` from one word to each of many.

    Args:
        first: A word.
        others: N words.
        costs: See there.

    Returns:
        (N,) float64, the same numbers to the last bit.
    """
    lengths: np.ndarray = np.array([len(other) for other in others], dtype=np.int64)
    longest = int(lengths.max(initial=0))
    padded = "".join(other.ljust(longest, "\0") for other in others)
    points = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes = np.ascontiguousarray(points.reshape(len(others), longest).T)
    changes = {}
    for one in set(first):
        changes[one] = np.where(codes == ord(one), 0.0, 1.0)
        for (character, other), cost in costs.items():
            if character == one != other:
                changes[one][codes == ord(other)] = cost
    row: np.ndarray = np.repeat(np.arange(longest + 1.0)[:, None], len(others), axis=1)
    for i, one in enumerate(first):
        best = np.minimum(row[:-1] + changes[one], row[1:] + 1.0)
        row = np.empty_like(row)
        row[0] = i + 1.0
        for j in range(longest):
            np.minimum(best[j], row[j] + 1.0, out=row[j + 1])
    return row[lengths, np.arange(len(others))]
