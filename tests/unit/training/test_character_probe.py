"""The probe on characters: alignment, votes, and a model that it must not disturb."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.registry import DATASETS
from spotter.structures import TextRecSample
from spotter.training.hooks.character_probe import (
    CharacterProbeHook,
    character_features,
    knn_accuracy,
    linear_accuracy,
)
from tests.unit.methods.tiny import build

CHARSET = Charset.load("36")


@DATASETS.register_module()
class StripedWords(Dataset):
    """Words of ``a`` (dark) and ``b`` (bright), half of the width each."""

    def __init__(self, length: int = 12) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Any]:
        text = ("ab", "ba", "aa", "bb")[index // 2 % 4]
        columns = np.repeat([20 if c == "a" else 230 for c in text], 32)
        image = torch.from_numpy(columns.astype(np.uint8)).expand(3, 32, 64).clone()
        return {"inputs": image, "data_samples": TextRecSample(text=text)}


def test_characters_share_the_frames_evenly() -> None:
    frames = torch.arange(6.0).reshape(1, 6, 1).repeat(3, 1, 1)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2, [True] * 6])
    words = [TextRecSample(text="a-bc"), TextRecSample(text="X1"), TextRecSample(text=None)]
    (first, text), (second, other) = character_features(frames, mask, words, CHARSET)
    assert (text, other) == ("abc", "x1")
    assert first[:, 0].tolist() == [0.5, 2.5, 4.5]
    assert second[:, 0].tolist() == [0.5, 2.5]


def test_words_longer_than_the_frames_are_passed_over() -> None:
    words = [TextRecSample(text="abc"), TextRecSample(text="--")]
    assert character_features(torch.zeros(2, 2, 4), None, words, CHARSET) == []


def test_votes_by_hand() -> None:
    references = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    labels = torch.tensor([0, 0, 1])
    queries = torch.tensor([[2.0, 0.1], [0.1, 3.0], [1.0, 1.0]])
    truths = torch.tensor([0, 1, 1])
    assert knn_accuracy(references, labels, queries, truths, 1) == pytest.approx(2 / 3)
    # With all three voting the majority is class 0 everywhere.
    assert knn_accuracy(references, labels, queries, truths, 9) == pytest.approx(1 / 3)


def test_linear_classifier_by_hand() -> None:
    # The class is the sign of the first feature; the second is louder, and noise.
    references = torch.tensor([[1.0, 9.0], [1.0, -9.0], [-1.0, 9.0], [-1.0, -9.0]])
    labels = torch.tensor([1, 1, 0, 0])
    queries = torch.tensor([[0.5, 30.0], [-0.5, 30.0], [-2.0, 0.0]])
    assert linear_accuracy(references, labels, queries, torch.tensor([1, 0, 0])) == 1.0
    # Useless features leave the commonest class.
    blank = torch.zeros(4, 2)
    labels = torch.tensor([2, 2, 2, 0])
    assert linear_accuracy(blank, labels, blank, labels) == 0.75


def test_probe_tells_bright_from_dark_and_leaves_the_model_alone() -> None:
    recipe = build(type="SimCLR")
    recipe.train()
    recipe.recognizer.prediction.eval()
    before = {k: v.clone() for k, v in recipe.state_dict().items()}
    scores = CharacterProbeHook({"type": "StripedWords"}, neighbours=1, batch_size=5).probe(recipe)
    assert scores["probe/chance"] == pytest.approx(0.5)
    assert scores["probe/knn"] == pytest.approx(1.0)
    assert scores["probe/linear"] == pytest.approx(1.0)
    assert all(torch.equal(v, before[k]) for k, v in recipe.state_dict().items())
    assert recipe.recognizer.feature_extraction.training
    assert not recipe.recognizer.prediction.training


def test_numbers_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="positive"):
        CharacterProbeHook({"type": "StripedWords"}, neighbours=0)
