"""Beam search against the search over all strings; alignment against all paths."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from spotter.decoding import CTCBeamSearch, LanguageModel, WordSource, align, beam_search

CHARACTERS = "ab-"


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return LanguageModel.build([WordSource({"abba": 5.0, "aab": 3.0, "ba": 1.0})], 2)


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(t for i, t in enumerate(path) if t and (i == 0 or t != path[i - 1]))


def all_strings(probabilities: np.ndarray) -> dict[tuple[int, ...], float]:
    """CTC probability of every string, as the sum over all paths."""
    found: dict[tuple[int, ...], float] = {}
    steps, classes = probabilities.shape
    for path in itertools.product(range(classes), repeat=steps):
        value = math.prod(probabilities[t, k] for t, k in enumerate(path))
        found[collapse(path)] = found.get(collapse(path), 0.0) + value
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("weight", "bonus"), [(0.0, 0.0), (0.6, 0.0), (1.0, 2.0)])
def test_an_unlimited_beam_is_exact(
    model: LanguageModel, seed: int, weight: float, bonus: float
) -> None:
    characters = "ab-1"
    rng = np.random.default_rng(seed)
    probabilities = softmax(rng.normal(0, 2, (5, 5)))
    wanted, seen = {}, {}
    for tokens, value in all_strings(probabilities).items():
        text = "".join(characters[t - 1] for t in tokens)
        letters = text.replace("-", "")
        language = 0.0
        if letters and "1" not in letters:
            language = weight * model.log_probability(letters) + bonus * len(letters)
        seen[tokens] = math.log(value)
        wanted[tokens] = seen[tokens] + language
    search = CTCBeamSearch(model, weight, bonus, beam=10**6, min_prob=0.0, prune_margin=math.inf)
    hypotheses = search(probabilities, characters)
    found = {tuple(h.tokens): h.score for h in hypotheses}
    assert found.keys() == wanted.keys()
    assert found == pytest.approx(wanted, abs=1e-9)
    assert {tuple(h.tokens): h.visual for h in hypotheses} == pytest.approx(seen, abs=1e-9)
    assert tuple(hypotheses[0].tokens) == max(wanted, key=wanted.__getitem__)


def test_marks_and_digits_are_transparent(model: LanguageModel) -> None:
    search = CTCBeamSearch(model, weight=0.5, length_bonus=2.0)
    ba = 0.5 * model.log_probability("ba") + 4.0
    assert search.language("ba") == pytest.approx(ba)
    assert search.language("b-a.") == pytest.approx(ba)
    assert [search.language(text) for text in ("", "1.80", "b1a", "-")] == [0.0] * 4


def test_what_is_seen_far_worse_is_not_searched(model: LanguageModel) -> None:
    probabilities = np.array([[0.01, 0.95, 0.03, 0.01], [0.9, 0.05, 0.03, 0.02]])
    search = CTCBeamSearch(model, min_prob=0.0, prune_margin=math.inf)
    narrow = search(probabilities, CHARACTERS, max_visual_loss=math.log(10))
    assert [1] in [h.tokens for h in narrow]
    # b is first seen 30 times worse than a.
    assert all(h.tokens[:1] != [2] for h in narrow)
    assert any(h.tokens[:1] == [2] for h in search(probabilities, CHARACTERS))


def test_a_small_beam_finds_the_same_best(model: LanguageModel) -> None:
    rng = np.random.default_rng(5)
    exact = CTCBeamSearch(model, beam=10**6, min_prob=0.0, prune_margin=math.inf)
    small = CTCBeamSearch(model, beam=8, min_prob=1e-3, prune_margin=8.0)
    agree = 0
    for _ in range(20):
        probabilities = softmax(rng.normal(0, 3, (7, 4)))
        agree += (
            exact(probabilities, CHARACTERS)[0].tokens == small(probabilities, CHARACTERS)[0].tokens
        )
    assert agree >= 18


@pytest.mark.parametrize("seed", range(6))
def test_continuations_that_cannot_stay_are_left_out_without_a_difference(
    model: LanguageModel, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    probabilities = softmax(rng.normal(0, 2, (12, 5)))
    search = CTCBeamSearch(model, beam=6, min_prob=0.0, prune_margin=math.inf)
    quick = search(probabilities, "ab-1")
    # No bound on scores is below 0: all continuations are compared by their logarithms.
    monkeypatch.setattr(beam_search, "_LARGEST_LOG", 0.0)
    assert search(probabilities, "ab-1") == quick
    assert len(quick) == 6


def test_language_decides_what_the_eye_cannot(model: LanguageModel) -> None:
    likely = {"a": 1, "b": 2}
    rows = []
    for character in "abba":
        rows += [np.eye(4)[likely[character]] * 0.98 + 0.005, np.array([0.97, 0.01, 0.01, 0.01])]
    rows[2] = np.array([0.04, 0.5, 0.45, 0.01])
    probabilities = np.array(rows)
    silent = CTCBeamSearch(model, weight=0.0, length_bonus=0.0)(probabilities, CHARACTERS)[0].tokens
    heard = CTCBeamSearch(model)(probabilities, CHARACTERS)[0].tokens
    assert (silent, heard) == ([1, 1, 2, 1], [1, 2, 2, 1])


@pytest.mark.parametrize("tokens", [[1], [1, 2], [1, 1], [2, 1, 2], [1, 1, 1]])
def test_alignment_lies_on_the_best_path(tokens: list[int]) -> None:
    probabilities = softmax(np.random.default_rng(len(tokens)).normal(0, 1, (6, 3)))
    paths = [
        path for path in itertools.product(range(3), repeat=6) if collapse(path) == tuple(tokens)
    ]
    best = max(paths, key=lambda p: math.prod(probabilities[t, k] for t, k in enumerate(p)))
    runs, previous = [], 0
    for frame, token in enumerate(best):
        if token and token != previous:
            runs.append([frame])
        elif token:
            runs[-1].append(frame)
        previous = token
    wanted = [
        max(run, key=lambda t, k=token: probabilities[t, k])
        for run, token in zip(runs, tokens, strict=True)
    ]
    assert align(probabilities, [tokens, tokens[:1], tokens])[::2] == [wanted, wanted]


def test_too_few_frames_align_nothing() -> None:
    assert align(np.full((2, 3), 1 / 3), [[1, 1], [1, 2]]) == [[], [0, 1]]
    assert align(np.full((3, 3), 1 / 3), [[1, 1]]) == [[0, 2]]
