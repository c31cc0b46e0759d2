"""The nearest word of a fixed list, exactly, without comparing most of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from spotter.decoding.lexicon.distances import (
    Costs,
    weighted_edit_distance,
    weighted_edit_distances,
)
from spotter.decoding.lexicon.word_table import WordTable

# Bounds of weighted distances are kept as whole numbers of quarters of an edit.
_QUARTERS = 4
_FITS_INT16 = 2**15 // (2 * _QUARTERS)
# How far the bounds are computed, in edits, and how much farther if no word was near enough.
_FIRST = 3
_STEP = 2
# So many words or fewer are compared at once, whatever their bounds.
_SMALL = 1500
# Above this many words, weighted distances are computed in arrays.
_FEW = 8
_ROUNDING = 1e-9


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


class _Rings:
    """Words by a lower bound of their distance from a query, computed only as far as asked for.

    Args:
        tables: (table, query in its spelling, weight), all of one length; a word's bound is the sum
            of its bounds in the tables by weight.
        limit: Words whose bound is higher are left out.

    Attributes:
        limit: May be lowered while the rings are gone through.
    """

    def __init__(self, tables: Sequence[tuple[WordTable, str, int]], limit: float) -> None:
        self._tables = tables
        self._unit = sum(weight for _, _, weight in tables)
        self._starts, self._length = tables[0][0].starts, len(tables[0][1])
        farthest = max(tables[0][0].longest, self._length)
        self.limit = min(limit, farthest)
        dtype = np.int16 if farthest < _FITS_INT16 else np.int32
        self._bounds: np.ndarray = np.empty(self._starts[-1], dtype=dtype)
        self._begin = self._end = self._start_of(self._length)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(indices, bounds) of the words whose bound is in [0, 1], (1, 2], (2, 3], ...

        Small rings come together with the next. Indices ascend.
        """
        reach = 0
        while reach < self.limit:
            inner, reach = reach, min(reach + (_STEP if reach else _FIRST), math.ceil(self.limit))
            near, bounds = self._between(inner, reach)
            if len(near) <= _SMALL:
                yield near, bounds
                continue
            for radius in range(inner + 1, reach + 1):
                if radius - 1 < self.limit:
                    ring = bounds <= radius
                    if radius > 1:
                        ring &= bounds > radius - 1
                    yield near[ring], bounds[ring]

    def _start_of(self, length: int) -> int:
        return self._starts[min(max(length, 0), len(self._starts) - 1)]

    def _fill(self, begin: int, end: int, least: int) -> None:
        """Bounds of words whose length differs by at least ``least``."""
        if begin >= end:
            return
        total = self._bounds[begin:end]
        for index, (table, query, weight) in enumerate(self._tables):
            bounds = table.bounds(query, begin, end)
            if index:
                total += np.int16(weight) * bounds
            else:
                np.multiply(bounds, np.int16(weight), out=total)
        # The table's own bounds end at 127.
        np.maximum(total, least * self._unit, out=total)

    def _between(self, inner: int, outer: int) -> tuple[np.ndarray, np.ndarray]:
        """Indices and bounds of the words whose bound is in (inner, outer], or [0, 1]."""
        begin = self._start_of(self._length - outer)
        end = self._start_of(self._length + outer + 1)
        least = inner + 1 if inner else 0
        self._fill(begin, self._begin, least)
        self._fill(self._end, end, least)
        self._begin, self._end = begin, end
        bounds = self._bounds[begin:end]
        within = bounds <= int(min(outer, self.limit) * self._unit + _ROUNDING)
        if inner:
            within &= bounds > inner * self._unit
        near = np.flatnonzero(within)
        return near + begin, bounds[near] / np.float32(self._unit)


class _Nearest:
    """The best word so far: the nearest, and of equals the first of the list.

    Args:
        limit: Largest distance to accept.

    Attributes:
        distance: Of the best word; before there is one, the limit.
        position: Of the best word in the list, ``None`` before there is one.
    """

    def __init__(self, limit: float) -> None:
        self.distance = limit
        self.position: int | None = None

    def precedes(self, positions: np.ndarray) -> np.ndarray:
        """(P,) which words would win over the best one at the same distance."""
        if self.position is None:
            return np.ones(len(positions), dtype=bool)
        return positions < self.position

    def offer(self, positions: np.ndarray, distances: np.ndarray) -> None:
        """Take over the best of (P,) words, unless it is worse."""
        least = float(distances.min()) if len(distances) else math.inf
        if least > self.distance or math.isinf(least):
            return
        position = int(positions[distances == least].min())
        if least < self.distance or self.position is None or position < self.position:
            self.distance, self.position = least, position


class NearestWordSearch:
    """A list of words in which the nearest to a query is searched.

    Words within one edit are looked up. Others come in rings of a lower bound of their distance
    (length, and a 64-bit signature of the characters), nearest first, and only rings that can hold
    a better or an equal word are compared, bit-parallel.

    With costs, words are kept with lookalikes merged, too: of F whole edits and H cheap ones,
    merging undoes the cheap ones. So F is at least the distance of merged words, F + H at least the
    plain distance, and the weighted distance, with c the least cost, at least
    ``(1 - c) merged + c plain``.

    Args:
        words: The words; of equal ones the first counts.
        costs: Cheap substitutions, see :func:`weighted_edit_distance`, or ``None``.

    Attributes:
        position: Position in the list of each word.
    """

    def __init__(self, words: Sequence[str], costs: Costs | None = None) -> None:
        self.position: dict[str, int] = {}
        for position, word in enumerate(words):
            self.position.setdefault(word, position)
        self._words = sorted(self.position, key=len)
        self._order: np.ndarray = np.array(
            [self.position[word] for word in self._words], dtype=np.int64
        )
        self._costs = costs or None
        self._merge = _lookalike_classes(costs) if costs else {}
        self._cheapest = min(costs.values()) if costs else 1.0

    @cached_property
    def _table(self) -> WordTable:
        return WordTable(self._words)

    @cached_property
    def _merged_table(self) -> WordTable:
        if not self._merge:
            return self._table
        return WordTable([word.translate(self._merge) for word in self._words])

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
        key = word.translate(self._merge)
        nearest = _Nearest(limit)
        near = self._merged_table.near(key)
        nearest.offer(self._order[near], self._distances(word, key, near, limit))
        # Words less than two edits away, weighted or not, are one whole edit away when merged.
        if nearest.distance < 2:
            return nearest.position, nearest.distance
        rings = _Rings(self._bounding_tables(word, key), nearest.distance)
        for ring, bounds in rings:
            positions = self._order[ring]
            # A word whose bound is the least distance can only be another's equal.
            able = (bounds < nearest.distance) | nearest.precedes(positions)
            ring, positions = ring[able], positions[able]
            nearest.offer(positions, self._distances(word, key, ring, nearest.distance))
            rings.limit = min(rings.limit, nearest.distance)
        return nearest.position, nearest.distance

    def _bounding_tables(self, word: str, key: str) -> list[tuple[WordTable, str, int]]:
        if self._costs is None:
            return [(self._table, word, 1)]
        share = int(self._cheapest * _QUARTERS)
        return [(self._merged_table, key, _QUARTERS - share), (self._table, word, share)]

    def _distances(self, word: str, key: str, ring: np.ndarray, limit: float) -> np.ndarray:
        """(R,) distances to the words of a ring; those above the limit may be infinite."""
        merged = self._merged_table.distances(key, ring)
        if self._costs is None:
            return merged
        distances: np.ndarray = np.full(len(ring), np.inf)
        near = np.flatnonzero(merged <= limit)
        merged = merged[near]
        plain = self._table.distances(word, ring[near])
        # Where the two agree, so do the bound and the plain distance, which is never less.
        same = merged == plain
        distances[near[same]] = plain[same]
        bound = (1 - self._cheapest) * merged + self._cheapest * plain - _ROUNDING
        limit = min(limit, float(plain.min(initial=np.iinfo(np.int32).max)))
        open_ones = np.flatnonzero(~same & (bound <= limit))
        if len(open_ones) > _FEW:
            at = near[open_ones]
            words = [self._words[index] for index in ring[at]]
            distances[at] = weighted_edit_distances(word, words, self._costs)
            return distances
        for index in open_ones[np.argsort(bound[open_ones], kind="stable")]:
            if bound[index] > limit:
                break
            at = near[index]
            distances[at] = weighted_edit_distance(word, self._words[ring[at]], self._costs)
            limit = min(limit, float(distances[at]))
        return distances
