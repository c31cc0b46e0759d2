"""Choosing the right word: fair lists, and likelihoods that agree with the losses."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from research.studies.word_choice import choice_accuracy, draw_choices, log_likelihoods
from spotter.registry import MODELS
from tests.unit.methods.tiny import samples, tiny_recognizer

WORDS = ["ab", "cd", "ef", "xyz", "abc", "q"]


def recognizer(kind: str) -> Any:
    torch.manual_seed(0)
    return MODELS.build(tiny_recognizer(prediction=kind)).eval()


def test_lists_hold_words_of_the_same_length_first() -> None:
    first, second = draw_choices(["ab", "hello"], WORDS, 4)
    assert first[0] == "ab"
    assert set(first[1:3]) == {"cd", "ef"}
    assert first[3] == "q"
    # No word of five letters: those of three, then of two.
    assert second[0] == "hello"
    assert set(second[1:3]) == {"xyz", "abc"}
    assert second[3] in {"ab", "cd", "ef"}
    assert draw_choices(["ab"], WORDS, 3, seed=1) == draw_choices(["ab"], WORDS, 3, seed=1)
    assert len(draw_choices(["ab"], WORDS, 50)[0]) == 6


@pytest.mark.parametrize("kind", ["CTCPrediction", "AttentionPrediction"])
def test_likelihoods_are_those_of_the_training_loss(kind: str) -> None:
    model = recognizer(kind)
    frames = torch.randn(2, 16, 8)
    scores = log_likelihoods(model, frames, [["ab", "c"], ["xyz", "q"]])
    for row, words in enumerate([["ab", "c"], ["xyz", "q"]]):
        for column, word in enumerate(words):
            loss = model.prediction.loss(frames[row : row + 1], samples(word))
            (value,) = loss.values()
            # Both losses are means per token; attention counts the end of the word.
            tokens = len(word) + (kind == "AttentionPrediction")
            assert float(scores[row, column]) == pytest.approx(-float(value) * tokens, rel=1e-4)


def test_a_reader_of_one_letter() -> None:
    model = recognizer("CTCPrediction")
    with torch.no_grad():
        model.prediction.classifier.weight.zero_()
        model.prediction.classifier.bias.fill_(-20.0)
        model.prediction.classifier.bias[0] = 0.0
        # Knows the letter a, and takes it to be likely anywhere.
        model.prediction.classifier.bias[model.charset.characters.index("a") + 1] = 0.0
    item = {"inputs": torch.zeros(3, 32, 64, dtype=torch.uint8)}
    words = samples("a", "b", "--")
    for word, source in zip(words, ("x", "y", "y"), strict=True):
        word.source = source
    batch = {"inputs": [item["inputs"]] * 3, "data_samples": words}
    scores = choice_accuracy(model, [batch], ["a", "b", "c"], count=3)
    assert scores == {"choice": 0.5, "x/choice": 1.0, "y/choice": 0.0}


def test_a_blind_reader_wins_no_ties() -> None:
    model = recognizer("CTCPrediction")
    with torch.no_grad():
        model.prediction.classifier.weight.zero_()
        model.prediction.classifier.bias.zero_()
    scores = log_likelihoods(model, torch.randn(1, 16, 8), [["ab", "cd"]])
    assert math.isclose(float(scores[0, 0]), float(scores[0, 1]), rel_tol=1e-6)
