"""Many words in arrays: lower bounds and exact edit distances from one query to thousands of them.

Words of up to 64 characters keep one bit per character, in integers of 16 bits where that is
enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from spotter.decoding.lexicon.distances import edit_distance

# Narrower integers for the shortest words would save less than another pass over them costs.
_WIDTHS = ((16, np.uint16), (64, np.uint64))
# Below this many words, a loop over them is faster than numpy's overhead per operation.
_FEW = 12
# Occurrence maps kept per group: more than any alphabet, a bound on memory for ideographs.
_KEPT_MAPS = 512
_MULTIPLIER = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def signature(word: str) -> int:
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
        bits |= 1 << ((key * _MULTIPLIER >> 58) & 63)
    return bits


def hash_powers(count: int) -> list[int]:
    """Weights of the first characters in the hash of a word, modulo 2**64."""
    powers = [1]
    while len(powers) < count:
        powers.append(powers[-1] * _MULTIPLIER & _MASK)
    return powers[:count]


def deletion_hashes(word: str) -> list[int]:
    """Hashes of a word and of what is left of it without its first, second, ... character."""
    codes = [ord(character) + 1 for character in word]
    powers = hash_powers(len(word))
    gaps, after = [], 0
    before = sum(code * power for code, power in zip(codes, powers, strict=True))
    whole = before & _MASK
    for gap in range(len(word) - 1, -1, -1):
        before -= codes[gap] * powers[gap]
        gaps.append((before + after) & _MASK)
        if gap:
            after += codes[gap] * powers[gap - 1]
    return [whole, *gaps[::-1]]


def popcount(values: np.ndarray) -> np.ndarray:
    """Number of set bits of unsigned integers."""
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(values)
    octets = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)
    return _BITS_OF_8[octets].sum(axis=1, dtype=np.uint8)


_BITS_OF_8 = np.array([bin(value).count("1") for value in range(1 << 8)], dtype=np.uint8)


class _Group:
    """Words that fit one integer type, sorted by length.

    Args:
        words: N words, none longer than the type has bits.
        dtype: Unsigned integer type whose bit j stands for the character at j.
    """

    def __init__(self, words: Sequence[str], dtype: type[np.unsignedinteger]) -> None:
        self._dtype = dtype
        lengths: np.ndarray = np.array([len(word) for word in words], dtype=np.int32)
        # Code points plus one, 0 where the word has ended.
        self._codes: np.ndarray = np.zeros((len(words[-1]), len(words)), dtype=np.uint32)
        begin = 0
        for length in np.unique(lengths):
            end = int(np.searchsorted(lengths, length, side="right"))
            text = "".join(words[begin:end]).encode("utf-32-le", "surrogatepass")
            points = np.frombuffer(text, dtype="<u4").reshape(end - begin, length)
            self._codes[:length, begin:end] = points.T + 1
            begin = end
        bits = dtype().itemsize * 8
        shifts = np.array(bits - lengths, dtype=dtype)
        self._masks = np.right_shift(np.iinfo(dtype).max, shifts, dtype=dtype)
        self._maps: dict[str, np.ndarray] = {}

    def signatures(self) -> np.ndarray:
        """(N,) uint64, :func:`signature` of every word."""
        signatures: np.ndarray = np.zeros(self._codes.shape[1], dtype=np.uint64)
        for column, codes in enumerate(self._codes):
            before: np.ndarray = np.zeros(len(codes), dtype=np.uint64)
            for earlier in self._codes[:column]:
                before += earlier == codes
            keys = codes.astype(np.uint64) - np.uint64(1) + np.uint64(0x110000) * before
            bit = np.left_shift(np.uint64(1), (keys * np.uint64(_MULTIPLIER)) >> np.uint64(58))
            signatures[codes > 0] |= bit[codes > 0]
        return signatures

    def deletion_hashes(self) -> np.ndarray:
        """(L + 1, N) uint64, :func:`deletion_hashes` of every word, then the whole word's again."""
        codes: np.ndarray = self._codes.astype(np.uint64)
        powers = np.array(hash_powers(len(codes)), dtype=np.uint64)[:, None]
        before = np.cumsum(codes * powers, axis=0)
        # What follows a gap has moved up by one.
        after = np.cumsum((codes[1:] * powers[:-1])[::-1], axis=0)[::-1]
        hashes = np.repeat(before[-1:], len(codes) + 1, axis=0)
        for gap in range(len(codes)):
            left = before[gap - 1] if gap else 0
            right = after[gap] if gap < len(after) else 0
            np.copyto(hashes[gap + 1], left + right, where=codes[gap] > 0)
        return hashes

    def _map(self, character: str) -> np.ndarray:
        """(N,) the positions of a character in every word."""
        found = self._maps.get(character)
        if found is None:
            if len(self._maps) == _KEPT_MAPS:
                self._maps.clear()
            found = np.zeros(self._codes.shape[1], dtype=self._dtype)
            for position, codes in enumerate(self._codes):
                here = codes == ord(character) + 1
                found |= here.astype(self._dtype) << self._dtype(position)
            self._maps[character] = found
        return found

    def distances(self, query: str, picked: np.ndarray) -> np.ndarray:
        """(P,) edit distances from a query to the words at the picked indices.

        The recurrence of :func:`edit_distance` for all words at once, each of which is the pattern
        in bits, the query being the text. Sums of the last column's differences, which are bits,
        give the distance at each word's own length.
        """
        masks = self._masks[picked]
        plus, minus = masks.copy(), np.zeros_like(masks)
        diagonal, match, other = np.empty_like(masks), np.empty_like(masks), np.empty_like(masks)
        for character in query:
            self._map(character).take(picked, out=match, mode="clip")
            np.bitwise_and(match, plus, out=diagonal)
            diagonal += plus
            diagonal ^= plus
            diagonal |= match
            diagonal |= minus
            # The complement of (up << 1) | 1, as up = ~(minus ^ (diagonal | plus)).
            np.bitwise_or(diagonal, plus, out=match)
            match ^= minus
            match += match
            plus &= diagonal
            plus += plus
            np.bitwise_and(diagonal, match, out=other)
            np.bitwise_xor(diagonal, other, out=minus)
            match ^= other
            plus |= match
        rise: np.ndarray = popcount(plus & masks).astype(np.int32)
        return rise - popcount(minus & masks) + len(query)


class WordTable:
    """Words sorted by length.

    Args:
        words: W words by ascending length, none empty.

    Attributes:
        words: The words.
        longest: Length of the longest.
        starts: Index of the first word of each length, 0 to ``longest + 1``.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        lengths = [len(word) for word in words]
        self.longest = lengths[-1] if lengths else 0
        every_length: np.ndarray = np.array(lengths, dtype=np.int64)
        self._short_lengths = np.minimum(every_length, 127).astype(np.int8)
        counts = np.bincount(every_length, minlength=self.longest + 1)
        self.starts: list[int] = [0, *np.cumsum(counts).tolist()]
        self._groups: list[tuple[int, int, _Group]] = []
        begin = 0
        for bits, dtype in _WIDTHS:
            end = int(np.searchsorted(every_length, bits, side="right"))
            if end > begin:
                self._groups.append((begin, end, _Group(words[begin:end], dtype)))
            begin = end
        self._begin_of_long = begin

    @cached_property
    def _signatures(self) -> tuple[np.ndarray, np.ndarray]:
        """(W,) uint64 complements of the signatures, and (W,) int8 numbers of their bits."""
        parts = [group.signatures() for _, _, group in self._groups]
        long = [signature(word) for word in self.words[self._begin_of_long :]]
        signatures = np.concatenate([*parts, np.array(long, dtype=np.uint64)])
        return ~signatures, popcount(signatures).astype(np.int8)

    @cached_property
    def _deletions(self) -> tuple[np.ndarray, np.ndarray]:
        """Hashes, ascending, and the words that have them."""
        hashes, owners = [], []
        for begin, end, group in self._groups:
            found = group.deletion_hashes()
            hashes.append(found.ravel())
            owners.append(np.tile(np.arange(begin, end, dtype=np.int32), len(found)))
        for index in range(self._begin_of_long, len(self.words)):
            long = np.array(deletion_hashes(self.words[index]), dtype=np.uint64)
            hashes.append(long)
            owners.append(np.full(len(long), index, dtype=np.int32))
        if not hashes:
            return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int32)
        order = np.argsort(np.concatenate(hashes))
        return np.concatenate(hashes)[order], np.concatenate(owners)[order]

    def near(self, query: str) -> np.ndarray:
        """Indices, ascending, of all words within one edit of a query, and of some others.

        Words one edit apart become equal when one of them, or both, lose a character (Mor and
        Fraenkel, CACM 1982).
        """
        hashes, owners = self._deletions
        keys: np.ndarray = np.array(deletion_hashes(query), dtype=np.uint64)
        spans: np.ndarray = np.stack(
            [
                np.searchsorted(hashes, keys, side="left"),
                np.searchsorted(hashes, keys, side="right"),
            ]
        )
        found = {int(owner) for begin, end in spans.T.tolist() for owner in owners[begin:end]}
        return np.array(sorted(found), dtype=np.int64)

    def bounds(self, query: str, begin: int, end: int) -> np.ndarray:
        """(end - begin,) int8 lower bounds of the edit distances of the words in a range."""
        complements, counts = self._signatures
        signed = signature(query)
        lacking: np.ndarray = popcount(complements[begin:end] & np.uint64(signed)).view(np.int8)
        surplus: np.ndarray = counts[begin:end] - np.int8(signed.bit_count())
        surplus += lacking
        np.maximum(lacking, surplus, out=lacking)
        difference = self._short_lengths[begin:end] - np.int8(min(len(query), 127))
        return np.maximum(lacking, np.abs(difference, out=difference), out=lacking)

    def distances(self, query: str, picked: np.ndarray) -> np.ndarray:
        """(P,) int32 edit distances from a query to the words at ascending indices."""
        found: np.ndarray = np.empty(len(picked), dtype=np.int32)
        begin = 0
        if len(picked) > _FEW:
            for first, last, group in self._groups:
                end = int(np.searchsorted(picked, last))
                if end > begin:
                    found[begin:end] = group.distances(query, picked[begin:end] - first)
                begin = end
        rest = [edit_distance(query, self.words[index]) for index in picked[begin:]]
        found[begin:] = rest
        return found
