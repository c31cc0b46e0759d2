"""Word lists, edit distances, and the nearest word of a list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import permutations
from pathlib import Path

import numpy as np

from spotter.errors import AnnotationError, ConfigError

_LOOKALIKES = ("O0QD", "Il1|!i", "S5$s", "B8", "Z2z", "Gb6", "gq9", "Oo0", "Cc", "UVuv", "A4", "T7")

#: Substitutions of characters that look alike cost half an edit.
VISUAL_COSTS: Mapping[tuple[str, str], float] = {
    pair: 0.5 for group in _LOOKALIKES for pair in permutations(group, 2)
}

_WORD_BITS = 64
# Below this many candidates, looping over words is faster than numpy's overhead per operation.
_FEW = 12


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


def weighted_edit_distance(
    first: str, second: str, costs: Mapping[tuple[str, str], float] = VISUAL_COSTS
) -> float:
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


def _signature(word: str) -> int:
    """Hash of the multiset of characters into 64 bits, one bit per (character, occurrence).

    A bit set in one word's signature and not in another's stands for a character that the other
    lacks. One edit makes up for one of them, so the larger count of such bits, of the two
    directions, is a lower bound of the edit distance; collisions only weaken it.
    """
    bits = 0
    seen: dict[str, int] = {}
    for character in word:
        occurrence = seen.get(character, 0)
        seen[character] = occurrence + 1
        # Fibonacci hashing spreads neighbouring code points and occurrences.
        key = ord(character) + 0x110000 * occurrence
        bits |= 1 << ((key * 0x9E3779B97F4A7C15 >> 58) & 63)
    return bits


def _lookalike_classes(costs: Mapping[tuple[str, str], float]) -> dict[int, str]:
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


class _Index:
    """Words sorted by length, with signatures that exclude most of them from a search.

    With costs the index holds words whose lookalikes are merged. A weighted distance is at least
    the plain distance of merged words: every change that merging does not undo costs a whole edit.
    """

    def __init__(self, words: list[str], costs: Mapping[tuple[str, str], float] | None) -> None:
        self.costs = costs
        self.merge = _lookalike_classes(costs) if costs else {}
        self.position: dict[str, int] = {}
        for position, word in enumerate(words):
            self.position.setdefault(word, position)
        self.words = sorted(self.position, key=len)
        self.keys = [word.translate(self.merge) for word in self.words]
        self.order = np.array([self.position[word] for word in self.words], dtype=np.int64)
        self.lengths: np.ndarray = np.array([len(key) for key in self.keys], dtype=np.int32)
        signatures = [_signature(key) for key in self.keys]
        self.signatures: np.ndarray = np.array(signatures, dtype=np.uint64)
        self.longest = len(self.keys[-1]) if self.keys else 0
        counts = np.bincount(self.lengths, minlength=self.longest + 1)
        self.starts: list[int] = [0, *np.cumsum(counts).tolist()]

    @cached_property
    def _codes(self) -> tuple[np.ndarray, dict[str, int]]:
        """(words, longest) character numbers, 0 where the word has ended, and their meaning."""
        alphabet = {c: i for i, c in enumerate(sorted(set("".join(self.keys))), start=1)}
        codes: np.ndarray = np.zeros((len(self.keys), self.longest), dtype=np.uint32)
        for length in range(1, self.longest + 1):
            begin, end = self.starts[length], self.starts[length + 1]
            text = "".join(self.keys[begin:end])
            flat = np.fromiter((alphabet[c] for c in text), dtype=np.uint32, count=len(text))
            codes[begin:end, :length] = flat.reshape(end - begin, length)
        return codes, alphabet

    def bounds(self, key: str, reach: int) -> tuple[int, np.ndarray]:
        """Lower bounds of the distances, for the words whose length is within reach of the key's.

        Returns:
            Offset into the words, and an array of bounds.
        """
        top = len(self.starts) - 1
        begin = self.starts[min(max(len(key) - reach, 0), top)]
        end = self.starts[min(len(key) + reach + 1, top)]
        mine, theirs = np.uint64(_signature(key)), self.signatures[begin:end]
        different = theirs ^ mine
        missing = np.maximum(_popcount(different & mine), _popcount(different & theirs))
        return begin, np.maximum(missing, np.abs(self.lengths[begin:end] - len(key)))

    def plain_distances(self, key: str, candidates: np.ndarray) -> np.ndarray:
        """(C,) edit distances from a key to those of the candidates, ascending indices."""
        if len(candidates) <= _FEW or not 0 < len(key) <= _WORD_BITS:
            found = [edit_distance(key, self.keys[i]) for i in candidates]
            return np.array(found, dtype=np.float64)
        codes, alphabet = self._codes
        matches: np.ndarray = np.zeros(len(alphabet) + 1, dtype=np.uint64)
        for position, character in enumerate(key):
            if character in alphabet:
                matches[alphabet[character]] |= np.uint64(1 << position)
        return _myers_columns(len(key), matches, codes[candidates], self.lengths[candidates])

    def distances(self, word: str, key: str, candidates: np.ndarray, limit: float) -> np.ndarray:
        """(C,) distances; where they exceed the limit, any value above it."""
        plain = self.plain_distances(key, candidates)
        if not self.costs:
            return plain
        found: np.ndarray = np.full(len(candidates), np.inf)
        for at in np.argsort(plain, kind="stable"):
            if plain[at] > limit:
                break
            found[at] = weighted_edit_distance(word, self.words[candidates[at]], self.costs)
            limit = min(limit, float(found[at]))
        return found

    def search(self, word: str, limit: float) -> tuple[int | None, float]:
        """Position in the list and distance of the nearest word, itself aside, within a limit.

        Rings of candidates with lower bound 1, 2, ... are compared until no ring that is left can
        hold a better or an equal word.
        """
        key = word.translate(self.merge)
        reach = int(min(max(self.longest, len(key)), limit))
        begin, bounds = self.bounds(key, reach)
        best, best_position = limit, None
        for radius in range(min(1, reach), reach + 1):
            if radius > best:
                break
            in_ring = bounds <= 1 if radius == 1 else bounds == radius
            ring: np.ndarray = np.flatnonzero(in_ring) + begin
            if not len(ring):
                continue
            distances = self.distances(word, key, ring, best)
            least = float(distances.min())
            if least > best or math.isinf(least):
                continue
            position = int(self.order[ring[distances == least]].min())
            if best_position is None or (least, position) < (best, best_position):
                best, best_position = least, position
        return best_position, best


def _popcount(values: np.ndarray) -> np.ndarray:
    """Number of set bits of uint64 values."""
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(values)
    pairs = np.ascontiguousarray(values).view(np.uint16).reshape(-1, 4)
    return _BITS_OF_16[pairs].sum(axis=1, dtype=np.uint8)


_BITS_OF_16 = np.array([bin(value).count("1") for value in range(1 << 16)], dtype=np.uint8)


def _myers_columns(
    size: int, matches: np.ndarray, codes: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """The column step of :func:`edit_distance` for many words at once.

    Args:
        size: Length of the query, 1 to 64.
        matches: (K,) uint64, positions of each character number in the query.
        codes: (C, L) character numbers of the words, sorted by length.
        lengths: (C,) ascending.

    Returns:
        (C,) float64 distances.
    """
    one, last = np.uint64(1), np.uint64(size - 1)
    plus: np.ndarray = np.full(len(codes), np.uint64(2**64 - 1))
    minus: np.ndarray = np.zeros(len(codes), dtype=np.uint64)
    score: np.ndarray = np.full(len(codes), size, dtype=np.int64)
    for column in range(int(lengths[-1])):
        # Words that have ended lie in front; views leave their scores as they are.
        begin = int(np.searchsorted(lengths, column, side="right"))
        plus_now, minus_now = plus[begin:], minus[begin:]
        match = matches[codes[begin:, column]]
        diagonal = (((match & plus_now) + plus_now) ^ plus_now) | match | minus_now
        up = minus_now | ~(diagonal | plus_now)
        down = plus_now & diagonal
        score[begin:] += ((up >> last) & one).view(np.int64)
        score[begin:] -= ((down >> last) & one).view(np.int64)
        up = (up << one) | one
        plus[begin:] = (down << one) | ~(diagonal | up)
        minus[begin:] = up & diagonal
    return score.astype(np.float64)


class Lexicon:
    """A list of words that finds its nearest word to a reading.

    The search is exact: words are excluded only by lower bounds of the distance (length, and a
    64-bit signature of the characters), and the rest is compared bit-parallel.

    Args:
        words: The words; duplicates do no harm, empty ones are dropped.
        forms: What to give back instead of a word (ICDAR pair files), itself where missing.
    """

    def __init__(self, words: Iterable[str], forms: Mapping[str, str] | None = None) -> None:
        self.words = [word for word in words if word]
        self.forms = dict(forms or {})
        self._indices: dict[tuple[bool, int], tuple[_Index, object]] = {}

    @classmethod
    def from_file(cls, path: str | Path, pairs: bool = False) -> Lexicon:
        """Read a UTF-8 word list, one word per line; empty lines are skipped.

        Args:
            path: The file.
            pairs: Lines are ``WORD form`` or ``WORD, form`` (ICDAR pair lists): words are searched
                by the first, given back as the second.

        Raises:
            AnnotationError: The file is missing, not UTF-8, holds no word, or a line is no pair.
        """
        try:
            lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise AnnotationError(f"{path}: cannot be read ({error.strerror}).") from None
        except UnicodeDecodeError:
            raise AnnotationError(f"{path}: a lexicon must be UTF-8 text.") from None
        words: list[str] = []
        forms: dict[str, str] = {}
        for number, line in enumerate(lines, start=1):
            word = line.strip()
            if not word:
                continue
            if pairs:
                parts = word.split(maxsplit=1)
                if len(parts) != 2:
                    raise AnnotationError(f"{path}:{number}: expected 'WORD form', got {word!r}.")
                word = parts[0].rstrip(",") or parts[0]
                forms.setdefault(word, parts[1])
            words.append(word)
        if not words:
            raise AnnotationError(f"{path}: the lexicon holds no word.")
        return cls(words, forms)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._index(case_sensitive=True, costs=None).position

    def _index(self, case_sensitive: bool, costs: Mapping[tuple[str, str], float] | None) -> _Index:
        """The index for a way to compare, built when it is first asked for."""
        key = (case_sensitive, id(costs))
        if key not in self._indices:
            for pair, cost in (costs or {}).items():
                if not 0 < cost <= 1:
                    raise ConfigError(f"The cost of {pair} must be in (0, 1], got {cost}.")
            # The caller's table is kept: a later table at its address would be taken for it.
            if case_sensitive:
                self._indices[key] = _Index(self.words, costs), costs
            else:
                words = [word.upper() for word in self.words]
                self._indices[key] = _Index(words, _upper_costs(costs)), costs
        return self._indices[key][0]

    def nearest(
        self,
        word: str,
        max_distance: float | None = None,
        case_sensitive: bool = False,
        costs: Mapping[tuple[str, str], float] | None = None,
    ) -> tuple[str | None, float]:
        """The word of the list with the smallest edit distance.

        Args:
            word: A reading.
            max_distance: Largest distance to accept; ``None`` accepts any.
            case_sensitive: Compare as written; otherwise both sides are upper-cased.
            costs: Cheap substitutions (``VISUAL_COSTS``), see :func:`weighted_edit_distance`;
                ``None`` is the plain Levenshtein distance. Upper-cased when case is ignored. A
                table must not change while it is in use.

        Returns:
            (word or its form, distance); the first of the list among equals. ``(None, inf)`` when
            there is none within ``max_distance``.

        Raises:
            ConfigError: A cost outside (0, 1].
        """
        index = self._index(case_sensitive, costs)
        query = word if case_sensitive else word.upper()
        limit = math.inf if max_distance is None else float(max_distance)
        if limit < 0 or not index.words:
            return None, math.inf
        found: int | None
        if query in index.position:
            found, distance = index.position[query], 0.0
        else:
            found, distance = index.search(query, limit)
        if found is None:
            return None, math.inf
        return self.forms.get(self.words[found], self.words[found]), distance


def _upper_costs(
    costs: Mapping[tuple[str, str], float] | None,
) -> dict[tuple[str, str], float] | None:
    """Costs between upper-cased characters, the least where several fall together."""
    if costs is None:
        return None
    folded: dict[tuple[str, str], float] = {}
    for (one, other), cost in costs.items():
        pair = (one.upper(), other.upper())
        if pair[0] != pair[1]:
            folded[pair] = min(cost, folded.get(pair, 1.0))
    return folded
