"""Probabilities of known words, and of all words with a given prefix."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from spotter.errors import ConfigError

# Sorts behind every token.
_BEHIND = "\U0010ffff"


class WordRange(NamedTuple):
    """The words that begin with a prefix.

    Attributes:
        prefix: The prefix.
        first: Position of the first of them in the sorted list.
        last: Position behind the last.
    """

    prefix: str
    first: int
    last: int


class WordPrior:
    """A distribution over words, stored as a sorted list that is searched like a trie.

    Args:
        words: Words in ascending order of their characters, without duplicates.
        weights: (W,) their weights; normalised here.

    Raises:
        ConfigError: The words are not in order, or a weight is not positive.
    """

    def __init__(self, words: list[str], weights: np.ndarray) -> None:
        if len(words) != len(weights) or not words:
            raise ConfigError(f"{len(words)} words and {len(weights)} weights do not fit")
        if any(one >= other for one, other in itertools.pairwise(words)):
            raise ConfigError("the words of a prior must be sorted, without duplicates")
        if not np.all(np.asarray(weights) > 0):
            raise ConfigError("the weights of a prior must be above 0")
        self.words = words
        self.probabilities = np.asarray(weights, np.float64) / np.sum(weights, dtype=np.float64)
        self._cumulative: list[float] = np.concatenate(
            [[0.0], np.cumsum(self.probabilities)]
        ).tolist()

    @classmethod
    def from_counts(cls, counts: Mapping[str, float]) -> WordPrior:
        """A prior proportional to counts."""
        words = sorted(counts)
        return cls(words, np.array([counts[word] for word in words]))

    @property
    def start(self) -> WordRange:
        """All words."""
        return WordRange("", 0, len(self.words))

    def advance(self, state: WordRange, token: str) -> WordRange:
        """The words that continue with a token."""
        prefix, first, last = state
        prefix += token
        if first == last:
            return WordRange(prefix, first, last)
        first = bisect_left(self.words, prefix, first, last)
        return WordRange(prefix, first, bisect_left(self.words, prefix + _BEHIND, first, last))

    def mass(self, state: WordRange) -> float:
        """Probability of all words that begin with the prefix."""
        return self._cumulative[state.last] - self._cumulative[state.first]

    def word_probability(self, state: WordRange) -> float:
        """Probability of the prefix as a whole word; 0 if it is not a known word."""
        first = state.first
        # A word sorts before all that it begins.
        if first < state.last and len(self.words[first]) == len(state.prefix):
            return self._cumulative[first + 1] - self._cumulative[first]
        return 0.0
