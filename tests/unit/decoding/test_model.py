"""The mixture is a distribution, and its file gives it back."""

from __future__ import annotations

import math
import string
from pathlib import Path

import numpy as np
import pytest

from spotter.decoding import CharacterNGram, LanguageModel, WordPrior, WordSource
from spotter.errors import ConfigError, WeightsError

SYMBOLS = string.punctuation
CHARACTERS = string.ascii_lowercase + string.digits + SYMBOLS


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel.build([WordSource({"cab": 5.0, "cabs": 1.0, "a1": 2.0, "bad": 2.0})], 3)


@pytest.mark.parametrize("prefix", ["", "c", "cab", "cabs", "a", "a1", "4", "42", "x-", "zq"])
def test_what_follows_a_beginning_sums_to_it(model: LanguageModel, prefix: str) -> None:
    state = model.start
    for character in prefix:
        state = model.advance(state, character)
    following = [model.advance(state, c).log_probability for c in CHARACTERS]
    total = sum(map(math.exp, [*following, model.end(state)]))
    assert total == pytest.approx(math.exp(state.log_probability), rel=1e-9)


def test_by_hand(model: LanguageModel) -> None:
    place = 1 - model.symbols
    ngram = model.plausible * model.ngram.word_probability("cab")
    code = model.codes * 36**-3 * 0.85**2 * 0.15
    wanted = place**4 * (model.known * 0.5 + ngram + code)
    assert math.exp(model.log_probability("cab")) == pytest.approx(wanted)
    assert model.log_probability("CaB") == model.log_probability("cab")
    # All symbols and all digits are alike.
    assert model.log_probability("c,ab") == pytest.approx(
        model.log_probability("cab") + math.log(model.symbols / 32)
    )
    assert model.log_probability("a7") == model.log_probability("a1")
    number = model.numbers * 0.1**3 * 0.7**2 * 0.3
    ngram = model.plausible * model.ngram.word_probability("000") * 0.1**3
    wanted = place**4 * (number + ngram + code)
    assert math.exp(model.log_probability("507")) == pytest.approx(wanted)


def test_codes_bound_what_no_word_looks_like() -> None:
    source = WordSource({"cab": 5.0, "bad": 2.0})
    model = LanguageModel.build([source], 3, codes=0.02)
    place = 1 - model.symbols
    floor = math.log(place**9 * model.codes * 36**-8 * 0.85**7 * 0.15)
    assert model.log_probability("x7qk02zj") == pytest.approx(floor, abs=0.1)
    without = LanguageModel.build([source], 3, codes=0.0)
    assert without.log_probability("x7qk02zj") < floor - 5


def test_words_are_judged_to_their_end() -> None:
    prior = WordPrior(["ab", "abc", "b"], np.array([1.0, 2.0, 5.0]))
    state = prior.advance(prior.advance(prior.start, "a"), "b")
    assert prior.mass(state) == pytest.approx(3 / 8)
    assert prior.word_probability(state) == pytest.approx(1 / 8)
    assert prior.word_probability(prior.advance(prior.start, "a")) == 0.0
    assert prior.mass(prior.advance(state, "d")) == 0.0
    with pytest.raises(ConfigError, match="sorted"):
        WordPrior(["b", "a"], np.ones(2))


def test_nonsense_of_any_length_stays_finite(model: LanguageModel) -> None:
    assert math.isfinite(model.log_probability("qxj7" * 200))


def test_a_saved_model_is_the_same(tmp_path: Path, model: LanguageModel) -> None:
    file = tmp_path / "model.npz"
    model.card["licence"] = "mine"
    model.save(file)
    loaded = LanguageModel.load(file)
    assert loaded.card == model.card
    assert loaded.prior.words == model.prior.words == ["a0", "bad", "cab", "cabs"]
    for word in ["cab", "a1", "zebra", "12", "c-a"]:
        assert loaded.log_probability(word) == pytest.approx(model.log_probability(word), abs=0.06)


def test_a_model_of_another_alphabet_and_its_file(tmp_path: Path) -> None:
    words = {"출구": 3.0, "입구": 2.0, "화장실": 1.0}
    model = LanguageModel.build([WordSource(words)], 3)
    assert model.letters != LanguageModel.build([WordSource({"exit": 1.0})]).letters
    assert model.log_probability("출구") > model.log_probability("줄구") + 3
    assert model.log_probability("exit") == model.log_probability("?!#%")
    file = tmp_path / "model.npz"
    model.save(file)
    again = LanguageModel.load(file)
    assert again.letters == model.letters
    assert again.prior.words == model.prior.words
    assert again.log_probability("화장실") == pytest.approx(
        model.log_probability("화장실"), abs=0.3
    )
    syllables = "각간갇갈감갑강출구입화장실"
    state = model.advance(model.start, "출")
    following = [model.advance(state, c).log_probability for c in syllables]
    assert sum(map(math.exp, [*following, model.end(state)])) <= math.exp(state.log_probability)


def test_many_states_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LanguageModel.build([WordSource({"bad": 1.0})], 2)
    monkeypatch.setattr("spotter.decoding.language_model._MOST_STATES", 3)
    wanted = model.log_probability("bad")
    for word in ["abcdef", "fedcba", "bad"]:
        found = model.log_probability(word)
    assert found == wanted
    assert model._states <= 3


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such"):
        LanguageModel.load(tmp_path / "none.npz")
    file = tmp_path / "other.npz"
    file.write_bytes(b"something else")
    with pytest.raises(WeightsError, match=r"other\.npz: "):
        LanguageModel.load(file)
    np.savez(file, meta=np.zeros(3, np.uint8))
    with pytest.raises(WeightsError, match=r"other\.npz: "):
        LanguageModel.load(file)


def test_shares_must_leave_something() -> None:
    prior, ngram = WordPrior(["a"], np.ones(1)), CharacterNGram.fit(["a"], 2)
    with pytest.raises(ConfigError, match="no probabilities"):
        LanguageModel(prior, ngram, known=0.95, numbers=0.1)
