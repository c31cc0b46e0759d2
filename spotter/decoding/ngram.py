"""A character n-gram model with Witten-Bell smoothing, stored in one sorted array."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np

from spotter.decoding.corpus import DIGIT, LETTERS, MOST_LETTERS
from spotter.errors import ConfigError

_LARGEST_ORDER = 6
_WIDEST = 64
# -log P is stored as a byte, in sixteenths: 3 % accurate, down to e^-15.9.
_STEP = 1 / 16
_LEAST_REST = 1e-4


class CharacterNGram:
    """P(next token | the last n - 1 tokens) over letters, the digit and the end.

    Witten and Bell (1991): P(w|h) = (c(hw) + T(h) P(w|h')) / (c(h) + T(h)), with T(h) the number of
    tokens seen after h, and h' being h without its first token; below the empty context all tokens
    are equally probable. Only tokens that were seen after h are stored; the others share the rest
    of the probability in proportion to P(w|h').

    The number of an n-gram consists of its tokens, five bits each for the letters a to z, the digit
    and the end. As no token is 0, n-grams of different lengths have different numbers.

    Args:
        order: n, 1 to 6.
        grams: (G,) ascending, numbers of the stored n-grams of all lengths up to n; kept as uint32,
            or as uint64 where the alphabet asks for it.
        codes: (G,) uint8, -log P in sixteenths.
        letters: The alphabet, without repetition; at most :data:`MOST_LETTERS`.

    Attributes:
        tokens: What is predicted besides the end: the letters and the digit; numbers from 1.
        end: Number of the end of a word; as the first token of a context, its start.

    Raises:
        ConfigError: The order is out of range, the arrays do not fit each other or the alphabet,
            or a letter is there twice.
    """

    def __init__(
        self, order: int, grams: np.ndarray, codes: np.ndarray, letters: str = LETTERS
    ) -> None:
        self._numbers, self._bits = _numbering(letters, order)
        if grams.shape != codes.shape or grams.ndim != 1:
            raise ConfigError(f"{grams.shape} n-grams and {codes.shape} probabilities do not fit")
        self.order = order
        self.letters = letters
        self.tokens = letters + DIGIT
        self.end = len(self.tokens) + 1
        last = grams.astype(np.uint64) & np.uint64((1 << self._bits) - 1)
        if ((last < 1) | (last > self.end)).any():
            raise ConfigError(f"an n-gram ends in none of {len(self.tokens)} tokens")
        wide = self._bits * order > 32
        self.grams: np.ndarray = grams.astype(np.uint64 if wide else np.uint32)
        self.codes: np.ndarray = codes.astype(np.uint8)
        # array and bisect look a single number up ten times faster than numpy does.
        self._grams = array("Q" if wide else "I", self.grams.tobytes())
        self._codes = self.codes.tobytes()
        self._mask = (1 << self._bits * (order - 1)) - 1
        self._distribution = lru_cache(maxsize=20_000)(self._make_distribution)

    @classmethod
    def fit(
        cls,
        words: Iterable[str] | Mapping[str, float],
        order: int = 5,
        min_count: float = 0.0,
        letters: str = LETTERS,
    ) -> CharacterNGram:
        """Count the n-grams of words.

        Args:
            words: Folded words (:func:`spotter.decoding.corpus.fold`), with their counts if that is
                a mapping.
            order: n, 1 to 6.
            min_count: Rarer n-grams of two tokens and more are left out.
            letters: The alphabet of the words.

        Raises:
            ConfigError: The order is out of range.
        """
        numbers, bits = _numbering(letters, order)
        end = len(numbers) + 1
        weights = words if isinstance(words, Mapping) else dict.fromkeys(words, 1.0)
        counts: dict[int, float] = {}
        for word, count in weights.items():
            tokens = [end, *(numbers[c] for c in word), end]
            for last in range(1, len(tokens)):
                number = 0
                for back in range(min(order, last + 1)):
                    number |= tokens[last - back] << bits * back
                    counts[number] = counts.get(number, 0.0) + count
        kept = {k: v for k, v in counts.items() if v >= min_count or k < 1 << bits}
        probabilities = _smooth(kept, bits, end)
        grams = np.array(sorted(probabilities), np.uint64)
        logs = np.log([probabilities[int(number)] for number in grams])
        codes = np.clip(np.round(-logs / _STEP), 0, 255).astype(np.uint8)
        return cls(order, grams, codes, letters)

    def __len__(self) -> int:
        return len(self.grams)

    @property
    def start(self) -> int:
        """Number of the context before the first character."""
        return self.end if self.order > 1 else 0

    def advance(self, context: int, token: str) -> int:
        """The context after a token of :attr:`tokens`."""
        return (context << self._bits | self._numbers[token]) & self._mask

    def probability(self, context: int, token: str) -> float:
        """P(token | context); ``""`` is the end of the word."""
        return self._distribution(context)[(self._numbers[token] if token else self.end) - 1]

    def distribution(self, context: int) -> list[float]:
        """P(. | context) of all of :attr:`tokens` and, last, of the end; sums to 1."""
        return list(self._distribution(context))

    def word_probability(self, word: str) -> float:
        """Probability of a whole folded word, its end included."""
        context, probability = self.start, 1.0
        for token in word:
            probability *= self.probability(context, token)
            context = self.advance(context, token)
        return probability * self.probability(context, "")

    def _make_distribution(self, context: int) -> array[float]:
        end, bits = self.end, self._bits
        below = array("d", [1.0 / end] * end)
        if context:
            below = self._distribution(context & ((1 << _highest_token(context, bits)) - 1))
        first = bisect_left(self._grams, context << bits)
        last = bisect_left(self._grams, (context + 1) << bits, first)
        if first == last:
            return below
        lowest = (1 << bits) - 1
        seen = {
            (self._grams[i] & lowest) - 1: math.exp(-_STEP * self._codes[i])
            for i in range(first, last)
        }
        taken = sum(seen.values())
        rest = 1.0 - sum(below[i] for i in seen)
        # Rounding may leave nothing for the tokens that were not seen; nothing is impossible.
        left = max(1.0 - taken, _LEAST_REST) if len(seen) < end else 0.0
        scale = (1.0 - left) / taken
        factor = left / max(rest, 1e-12)
        # A third of the memory of a list of floats, and many of them are kept.
        return array("d", (scale * seen[i] if i in seen else factor * below[i] for i in range(end)))


def _smooth(counts: Mapping[int, float], bits: int, end: int) -> dict[int, float]:
    """P(w|h) of every counted n-gram."""
    followers: dict[int, list[int]] = {}
    for number in counts:
        followers.setdefault(number >> bits, []).append(number & ((1 << bits) - 1))
    probabilities: dict[int, float] = {}
    # A context's number is larger than those of its ends, so what a context leans on comes first.
    for context in sorted(followers):
        tokens = followers[context]
        total, types = sum(counts[context << bits | token] for token in tokens), len(tokens)
        shorter = context & ((1 << _highest_token(context, bits)) - 1)
        for token in tokens:
            # Whatever was counted after h was counted after h', too.
            below = probabilities[shorter << bits | token] if context else 1.0 / end
            number = context << bits | token
            probabilities[number] = (counts[number] + types * below) / (total + types)
    return probabilities


def _highest_token(number: int, bits: int) -> int:
    """Bits below the first token of a context."""
    return (number.bit_length() - 1) // bits * bits if number else 0


def _numbering(letters: str, order: int) -> tuple[dict[str, int], int]:
    """Numbers of the tokens of an alphabet, and the bits that each of them takes.

    Raises:
        ConfigError: The order is out of range, or the letters are.
    """
    numbers = {token: number for number, token in enumerate(letters + DIGIT, start=1)}
    bits = (len(numbers) + 1).bit_length()
    if len(numbers) != len(letters) + 1:
        raise ConfigError("the letters of a language model must not repeat, nor hold the digit 0")
    if not 1 <= order <= _LARGEST_ORDER:
        raise ConfigError(f"the order of an n-gram is 1 to {_LARGEST_ORDER}, not {order}")
    if len(letters) > MOST_LETTERS or bits * order > _WIDEST:
        raise ConfigError(f"{len(letters)} letters are too many for an n-gram of order {order}")
    return numbers, bits
