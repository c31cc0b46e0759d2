"""Mistakes by hand, and how many of them."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.data.spelling import SpellingNoise, substitute
from spotter.decoding.lexicon import edit_distance
from spotter.errors import ConfigError


def noise(kind: str, rate: float = 0.01, characters: str = "ab") -> SpellingNoise:
    # At this rate there is hardly ever more than the one mistake that is always made.
    return SpellingNoise(1.0, rate, {kind: 1.0}, characters)


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("replace", "aaa", {"baa", "aba", "aab"}),
        ("insert", "aa", {"aaa", "baa", "aba"}),
        ("delete", "abc", {"bc", "ac", "ab"}),
        ("swap", "abc", {"bac", "acb", "abc"}),
    ],
)
def test_each_kind(kind: str, text: str, wanted: set[str]) -> None:
    rng = np.random.RandomState(0)
    found = {noise(kind)(text, rng) for _ in range(200)}
    assert found == wanted


def test_a_replacement_is_another_character() -> None:
    rng = np.random.RandomState(0)
    everything = noise("replace", rate=1.0, characters="abc")
    assert all(
        a != b for _ in range(50) for a, b in zip("abcabc", everything("abcabc", rng), strict=True)
    )
    # A character that is not among them may become any.
    assert {everything("z", rng) for _ in range(50)} == set("abc")


def test_probability_and_rate() -> None:
    rng = np.random.RandomState(0)
    text = "abcdefghij" * 2
    mixed = SpellingNoise(0.3, 0.1)
    changed = [mixed(text, rng) != text for _ in range(2000)]
    # A swap of equal neighbours or at the end changes nothing.
    assert np.mean(changed) == pytest.approx(0.3, abs=0.04)
    replaced = SpellingNoise(1.0, 0.25, {"replace": 1.0})
    distances = [edit_distance(text, replaced(text, rng)) for _ in range(300)]
    assert np.mean(distances) == pytest.approx(5.0, abs=0.4)
    assert mixed("", rng) == ""


def test_substitutions_repeat() -> None:
    text = "abcdefghij" * 20
    first = substitute(text, 0.1, "0123456789abcdefghij", seed=3)
    assert first == substitute(text, 0.1, "0123456789abcdefghij", seed=3)
    assert len(first) == len(text)
    wrong = sum(a != b for a, b in zip(text, first, strict=True))
    assert wrong == pytest.approx(20, abs=12)


def test_bad_settings() -> None:
    with pytest.raises(ConfigError, match="weights of"):
        SpellingNoise(kinds={"smudge": 1.0})
    with pytest.raises(ConfigError, match="rate"):
        SpellingNoise(rate=0.0)
