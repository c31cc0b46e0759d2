"""Exact search for the nearest word of a fixed list."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from spotter.decoding.lexicon.distances import Costs, edit_distance, weighted_edit_distance

# Sums of costs are compared with their bounds up to this.
_ROUNDING = 1e-9


class NearestWordSearch:
    """Finds the word of a list that is nearest to a query.

    Words are grouped by length. A word whose length differs by N from the query's has a distance of
    at least N, so lengths are searched in the order of their difference, up to the best distance
    found so far.

    Args:
        words: The words; the position of a repeated word is its first one.

    Attributes:
        position: Position in the list of each word.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.position: dict[str, int] = {}
        self._by_length: dict[int, list[str]] = {}
        for position, word in enumerate(words):
            if word not in self.position:
                self.position[word] = position
                self._by_length.setdefault(len(word), []).append(word)

    def search(self, word: str, limit: float) -> tuple[int | None, float]:
        """Position in the list and distance of the nearest word within a limit.

        Args:
            word: The query.
            limit: Largest distance to accept, not negative, perhaps infinite.

        Returns:
            The first of the list among equals, or ``(None, limit)``.
        """
        if word in self.position:
            return self.position[word], 0.0
        position: int | None = None
        for length in self._nearest_lengths(word):
            if abs(length - len(word)) > limit:
                break
            found = process.extractOne(
                word,
                self._by_length[length],
                scorer=Levenshtein.distance,
                score_cutoff=None if math.isinf(limit) else int(limit),
            )
            if found is None:
                continue
            name, distance, _ = found
            if position is None or (distance, self.position[name]) < (limit, position):
                position, limit = self.position[name], float(distance)
        return position, limit

    def within(self, word: str, limit: float) -> list[tuple[str, int]]:
        """All words of the list within a limit and their distances."""
        found = []
        for length in self._nearest_lengths(word):
            if abs(length - len(word)) > limit:
                break
            found += process.extract(
                word,
                self._by_length[length],
                scorer=Levenshtein.distance,
                score_cutoff=None if math.isinf(limit) else int(limit),
                limit=None,
            )
        return [(name, distance) for name, distance, _ in found]

    def _nearest_lengths(self, word: str) -> list[int]:
        return sorted(self._by_length, key=lambda length: abs(length - len(word)))


class WeightedNearestWordSearch:
    """:class:`NearestWordSearch` by :func:`weighted_edit_distance`.

    Words are kept with lookalikes merged, too. Of F whole edits and H cheap ones, merging undoes
    the cheap ones: so F is at least the distance of the merged words, F + H at least the plain
    distance, and the weighted distance, with c the least cost, at least
    ``(1 - c) merged + c plain``. Weighted distances are computed only where that bound allows.

    Args:
        words: The words; of equal ones the first counts.
        costs: Cheap substitutions.
    """

    def __init__(self, words: Sequence[str], costs: Costs) -> None:
        self._plain = NearestWordSearch(words)
        self.position: Mapping[str, int] = self._plain.position
        self._costs = costs
        self._cheapest = min(costs.values())
        self._merge = _lookalike_classes(costs)
        self._unmerged: dict[str, list[str]] = {}
        for word in self.position:
            self._unmerged.setdefault(word.translate(self._merge), []).append(word)
        self._merged = NearestWordSearch(list(self._unmerged))

    def search(self, word: str, limit: float) -> tuple[int | None, float]:
        """See :meth:`NearestWordSearch.search`."""
        if word in self.position:
            return self.position[word], 0.0
        # The plain distance is never less than the weighted one.
        position, limit = self._plain.search(word, limit)
        bounds = sorted(
            ((1 - self._cheapest) * merged + self._cheapest * edit_distance(word, name), name)
            for key, merged in self._merged.within(word.translate(self._merge), limit)
            for name in self._unmerged[key]
        )
        for bound, name in bounds:
            if bound > limit + _ROUNDING:
                break
            distance = weighted_edit_distance(word, name, self._costs)
            if distance > limit:
                continue
            if position is None or (distance, self.position[name]) < (limit, position):
                position, limit = self.position[name], distance
        return position, limit


def _lookalike_classes(costs: Costs) -> dict[int, str]:
    """Translation table from each character to the first of those it is linked to by a cost."""
    leader: dict[str, str] = {}

    def find(character: str) -> str:
        while leader.get(character, character) != character:
            character = leader[character]
        return character

    for pair in costs:
        one, other = sorted(map(find, pair))
        leader[other] = one
    return {ord(character): find(character) for character in leader}
