"""Edit distances between two words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import TypeAlias

from rapidfuzz.distance import Levenshtein

#: (one character, another) to the cost of putting one for the other, in (0, 1].
Costs: TypeAlias = Mapping[tuple[str, str], float]

_LOOKALIKES = ("O0QD", "Il1|!i", "S5$s", "B8", "Z2z", "Gb6", "gq9", "Oo0", "Cc", "UVuv", "A4", "T7")

#: Substitutions of characters that look alike cost half an edit.
VISUAL_COSTS: Costs = {pair: 0.5 for group in _LOOKALIKES for pair in permutations(group, 2)}


def edit_distance(first: str, second: str) -> int:
    """Levenshtein distance: least number of insertions, deletions and substitutions.

    Args:
        first: A word, compared by code points.
        second: Another.

    Returns:
        Distance, 0 to ``max(len(first), len(second))``.
    """
    return Levenshtein.distance(first, second)


def weighted_edit_distance(first: str, second: str, costs: Costs = VISUAL_COSTS) -> float:
    """Edit distance with cheaper substitutions for some pairs of characters.

    Args:
        first: A word.
        second: Another.
        costs: Cost in (0, 1] by (character of ``first``, character of ``second``); other pairs,
            insertions and deletions cost 1.

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
