"""Witten-Bell by hand, and probabilities that sum to one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spotter.decoding import CharacterNGram
from spotter.decoding.corpus import DIGIT, LETTERS
from spotter.decoding.ngram import _smooth
from spotter.errors import ConfigError

TOKENS = LETTERS + DIGIT
ROUNDING = math.exp(1 / 32) - 1
WORDS = ["banana", "bandana", "cab", "abba", "b0b", "cabana"]


def test_witten_bell_by_hand() -> None:
    # Words "a" and "ab": under no context a 2, b 1, end 2; after a: b 1, end 1.
    model = CharacterNGram.fit(["a", "ab"], order=2)
    alone = {"a": (2 + 3 / 28) / 8, "b": (1 + 3 / 28) / 8, "": (2 + 3 / 28) / 8}
    for token, wanted in alone.items():
        assert model.probability(0, token) == pytest.approx(wanted, rel=ROUNDING)
    after_a = model.advance(model.start, "a")
    assert model.probability(after_a, "b") == pytest.approx((1 + 2 * alone["b"]) / 4, rel=ROUNDING)
    assert model.probability(after_a, "") == pytest.approx((1 + 2 * alone[""]) / 4, rel=ROUNDING)
    # What was never seen after a: the rest, in proportion to P(.| no context).
    unseen = model.probability(after_a, "z") / model.probability(after_a, "a")
    assert unseen == pytest.approx((3 / 28 / 8) / alone["a"], rel=0.1)


def test_smoothed_probabilities_are_exact_before_rounding() -> None:
    counts = {1: 2.0, 2: 1.0, 1 << 5 | 2: 1.0, 1 << 5 | 28: 1.0, 28: 2.0}
    smoothed = _smooth(counts, bits=5, end=28)
    assert smoothed[1] == pytest.approx((2 + 3 / 28) / 8)
    assert smoothed[1 << 5 | 2] == pytest.approx((1 + 2 * smoothed[2]) / 4)


@pytest.mark.parametrize("order", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("min_count", [0.0, 2.0])
def test_sums_to_one_after_any_context(order: int, min_count: float) -> None:
    model = CharacterNGram.fit(WORDS, order, min_count)
    for prefix in ["", "b", "ba", "bana", "zz", "banana", "0", "q0x"]:
        context = model.start
        for token in prefix:
            context = model.advance(context, token)
        distribution = model.distribution(context)
        assert len(distribution) == len(TOKENS) + 1
        assert sum(distribution) == pytest.approx(1.0, abs=1e-9)
        assert min(distribution) > 0
        assert model.probability(context, "") == distribution[-1]


def test_all_short_words_together_leave_what_is_longer() -> None:
    model = CharacterNGram.fit(WORDS, 3)
    words = ["", *TOKENS, *(a + b for a in TOKENS for b in TOKENS)]
    shorter = sum(map(model.word_probability, words))
    start = model.start
    going_on = sum(
        model.probability(start, a)
        * model.probability(model.advance(start, a), b)
        * (1 - model.probability(model.advance(model.advance(start, a), b), ""))
        for a in TOKENS
        for b in TOKENS
    )
    assert shorter + going_on == pytest.approx(1.0)


def test_prefers_what_it_was_taught() -> None:
    model = CharacterNGram.fit(WORDS, 4)
    assert model.word_probability("banana") > 100 * model.word_probability("bnaana")
    heavy = CharacterNGram.fit({"ab": 9.0, "cd": 1.0}, 2)
    assert heavy.probability(heavy.start, "a") > 4 * heavy.probability(heavy.start, "c")


def test_a_long_history_counts() -> None:
    model = CharacterNGram.fit({"xaab": 9.0, "yaac": 9.0}, 4)
    context = model.start
    for token in "xaa":
        context = model.advance(context, token)
    assert model.probability(context, "b") > 5 * model.probability(context, "c")


def test_an_alphabet_of_many_letters_takes_more_bits() -> None:
    letters = "".join(map(chr, range(0x1100, 0x1100 + 67)))
    words = [letters[i : i + 5] for i in range(60)]
    model = CharacterNGram.fit(words, 5, letters=letters)
    assert model.grams.dtype == np.uint64
    assert model.end == 69
    assert model.word_probability(words[7]) > 1e6 * model.word_probability(words[7][::-1])
    for prefix in ["", letters[:2], letters[66], "0"]:
        context = model.start
        for token in prefix:
            context = model.advance(context, token)
        assert sum(model.distribution(context)) == pytest.approx(1.0, abs=1e-9)
    with pytest.raises(ConfigError, match="must not repeat"):
        CharacterNGram.fit([], letters="aba")
    with pytest.raises(ConfigError, match="too many"):
        CharacterNGram.fit([], 6, letters="".join(map(chr, range(0x4E00, 0x4E00 + 2000))))


def test_files_that_would_fail_when_words_are_read_are_refused() -> None:
    codes = np.zeros(1, np.uint8)
    for token in (0, 29):
        with pytest.raises(ConfigError, match="ends in none of 27 tokens"):
            CharacterNGram(2, np.array([1 << 5 | token]), codes)
    # One distribution of such an alphabet takes megabytes, and many are kept.
    many = "".join(map(chr, range(0x4E00, 0x4E00 + 1001)))
    with pytest.raises(ConfigError, match="1001 letters are too many"):
        CharacterNGram(1, np.array([1]), codes, many)


def test_bad_arguments() -> None:
    with pytest.raises(ConfigError, match="1 to 6"):
        CharacterNGram.fit(WORDS, 7)
    with pytest.raises(ConfigError, match="do not fit"):
        CharacterNGram(2, np.zeros(3, np.uint32), np.zeros(2, np.uint8))
