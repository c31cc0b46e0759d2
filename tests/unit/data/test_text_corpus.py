"""Which words come, how often, and which never."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from spotter.data.text_corpus import TextCorpusDataset, is_heldout
from spotter.errors import ConfigError


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    words = [f"w{i}" for i in range(400)]
    file = tmp_path / "text.txt"
    file.write_text("The cat, the CAT! " + " ".join(words), encoding="utf-8")
    return file


def seen(dataset: TextCorpusDataset, count: int) -> list[dict]:
    np.random.seed(0)  # noqa: NPY002
    return [dataset[i % len(dataset)] for i in range(count)]


def test_words_come_by_their_frequency(tmp_path: Path) -> None:
    file = tmp_path / "words.tsv"
    file.write_text("often\t9\nrare\t1\n", encoding="utf-8")
    for power, share in ((1.0, 0.9), (0.0, 0.5)):
        dataset = TextCorpusDataset(file, split="all", power=power)
        counts = Counter(item["inputs"] for item in seen(dataset, 2000))
        assert counts["often"] / 2000 == pytest.approx(share, abs=0.03)


def test_heldout_words_never_train(corpus: Path) -> None:
    train = TextCorpusDataset(corpus, heldout=0.1)
    heldout = TextCorpusDataset(corpus, split="heldout", heldout=0.1)
    everything = TextCorpusDataset(corpus, split="all")
    assert sorted([*train.words, *heldout.words]) == everything.words
    assert 20 < len(heldout) < 60
    assert all(is_heldout(word, 0.1) for word in heldout.words)
    assert {item["inputs"] for item in seen(train, 3000)}.isdisjoint(heldout.words)
    assert [heldout[i]["data_samples"].text for i in range(len(heldout))] == heldout.words
    # Case and punctuation are no part of a word.
    assert {"the", "cat"} <= set(everything.words)


def test_heldout_words_are_misspelt_always_alike(corpus: Path) -> None:
    heldout = TextCorpusDataset(corpus, split="heldout", heldout=0.5, test_noise=0.5)
    first = [heldout[i]["data_samples"].misspelt for i in range(len(heldout))]
    assert first == [heldout[i]["data_samples"].misspelt for i in range(len(heldout))]
    pairs = list(zip(first, heldout.words, strict=True))
    assert all(len(a) == len(b) for a, b in pairs)
    assert sum(a != b for a, b in pairs) > len(pairs) / 2
    assert [heldout[i]["inputs"] for i in range(3)] == heldout.words[:3]


def test_noise_changes_the_input_and_not_the_label(corpus: Path) -> None:
    dataset = TextCorpusDataset(corpus, noise={"probability": 1.0, "rate": 1.0})
    items = seen(dataset, 50)
    assert all(item["data_samples"].text in dataset.words for item in items)
    assert sum(item["inputs"] != item["data_samples"].text for item in items) > 40


def test_long_and_rare_words_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "words.tsv"
    file.write_text("short\t5\nmuchtoolong\t5\nodd\t1\n", encoding="utf-8")
    assert TextCorpusDataset(file, split="all", max_length=6, least=2).words == ["short"]
    assert len(TextCorpusDataset(file, split="all", length=70)) == 70


def test_bad_settings(corpus: Path) -> None:
    with pytest.raises(ConfigError, match="split"):
        TextCorpusDataset(corpus, split="test")
    with pytest.raises(ConfigError, match="must be None"):
        TextCorpusDataset(corpus, split="heldout", noise={})
    with pytest.raises(ConfigError, match="no word"):
        TextCorpusDataset(corpus, least=1e9)
