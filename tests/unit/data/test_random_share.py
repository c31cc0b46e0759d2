"""The subset of labels that all methods learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.data.datasets import TextRecDataset, random_share
from spotter.errors import ConfigError


def test_smaller_shares_are_part_of_larger_ones() -> None:
    everything = range(1000)
    five, ten = (random_share(everything, share, 0) for share in (0.05, 0.1))
    assert (len(five), len(ten)) == (50, 100)
    assert set(five) < set(ten)
    assert ten == sorted(ten)
    assert ten == random_share(everything, 0.1, 0)
    assert ten != random_share(everything, 0.1, 1)
    assert random_share(everything, 1.0, 0) == list(everything)
    assert len(random_share(range(3), 0.01, 0)) == 1


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_impossible_shares(share: float) -> None:
    with pytest.raises(ConfigError, match="fraction"):
        random_share(range(10), share, 0)


def test_a_dataset_keeps_its_share(tmp_path: Path) -> None:
    words = [f"word_{i}.png w{i}" for i in range(40)]
    (tmp_path / "labels.txt").write_text("\n".join(words))
    reader = {"type": "WordListReader", "annotation_file": str(tmp_path / "labels.txt")}
    whole = TextRecDataset(reader)
    part = TextRecDataset(reader, fraction=0.25, subset_seed=3)
    assert (len(whole), len(part)) == (40, 10)
    kept = [part.sample(i)["text"] for i in range(10)]
    assert kept == [f"w{i}" for i in random_share(range(40), 0.25, 3)]
