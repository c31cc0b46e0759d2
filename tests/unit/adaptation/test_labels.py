"""When a word gets a label, and that each is read once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotter.adaptation.crops import Crops
from spotter.adaptation.labels import WordRules, check_enough, label_words, preset_reader
from spotter.adaptation.views import ViewReader, ViewReadings
from spotter.data.readers.pseudo_labels import PseudoLabelReader
from spotter.errors import ConfigError, SpotterError
from tests.unit.adaptation.conftest import text_of


def test_agreement_by_hand() -> None:
    assert ViewReadings("a", 0.9, ("b", "b", "a", "b")).agreement == 0.25
    assert ViewReadings("a", 0.9, ()).agreement == 0.0


def test_rules() -> None:
    rules = WordRules(min_score=0.9)
    seen = ["XS2MA", "XS2", "xs2ma"]
    # Marks are those of the reading, letters and their case some view's.
    assert rules.label(("-XS2MA", 0.95), seen) == "-XS2MA"
    assert rules.label(("XS2", 0.95), seen) == "XS2"
    assert rules.label(("Xs2ma", 0.95), seen) is None
    assert rules.label(("-XS2MA", 0.85), seen) is None
    assert rules.label(("--", 0.95), seen) is None
    assert rules.label((None, 0.0), seen) is None
    with pytest.raises(ConfigError, match="min_score"):
        WordRules(min_score=1.1)


class Teller:
    """Reads number n as its text, but for every third, of which only the views say it."""

    characters = "0123456789-"

    def __init__(self) -> None:
        self.plain = self.viewed = 0

    def read(self, crops: Iterable[np.ndarray], views: Any = None) -> Iterator[ViewReadings]:
        for crop in crops:
            number = int(crop[0, 0, 0])
            text = text_of(number)
            first = "7" if number % 3 == 0 else text
            self.plain += views == ()
            self.viewed += views is None
            yield ViewReadings(first, 0.9, () if views == () else (text, text, text))


class Peer:
    """Sees a mark before each word; is unsure of number 2; reads number 5 with another digit."""

    def __init__(self) -> None:
        self.read_crops = 0

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        self.read_crops += len(crops)
        numbers = [int(crop[0, 0, 0]) for crop in crops]
        return [(_marked(n), 0.5 if n == 2 else 0.99) for n in numbers]


def _marked(number: int) -> str:
    return "-00" if number == 5 else f"-{text_of(number)}"


class WithLanguage(Peer):
    """Reads number 5 as the other reader does."""

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        self.read_crops += len(crops)
        return [("00", 0.2) for _ in crops]


@pytest.fixture
def numbered(crops: Crops, monkeypatch: pytest.MonkeyPatch) -> Crops:
    """Crops whose pixels are their number."""
    monkeypatch.setattr(Crops, "load", lambda _, index: np.full((2, 2, 3), index, np.uint8))
    return crops


def test_labels_are_what_the_reader_of_labels_takes(numbered: Crops, tmp_path: Path) -> None:
    reader: Any = Teller()
    peer: Any = Peer()
    file = tmp_path / "labels.jsonl"
    label_words(numbered, range(5), reader, file, WordRules(), peer)
    labels = label_words(numbered, range(10), reader, file, WordRules(), peer)
    assert reader.plain == peer.read_crops == 10  # the first five once
    expected = [None if i in (2, 5) else f"-{text_of(i)}" for i in range(10)]
    assert [labels[i].label for i in range(10)] == expected
    assert (labels[3].plain, labels[3].peer) == ("7", f"-{text_of(3)}")
    inner = {"type": "LMDBReader", "lmdb_path": str(numbered.path), "labelled": False}
    read = PseudoLabelReader(
        {"type": "SelectedReader", "reader": inner, "indices": list(range(10))}, file
    )
    assert [sample["text"] for sample in read] == [text for text in expected if text]
    check_enough(labels, range(10), 8)
    with pytest.raises(SpotterError, match="8 of 10 words got a label"):
        check_enough(labels, range(10), 9)


def test_further_readings_only_where_they_can_decide(numbered: Crops, tmp_path: Path) -> None:
    reader: Any = Teller()
    peer, own = Peer(), WithLanguage()
    file = tmp_path / "labels.jsonl"
    readers: Any = (peer, own)
    labels = label_words(numbered, range(6), reader, file, WordRules(), *readers)
    # Views of 0, 3 and 5; of 2 the independent reader is not sure.
    assert (reader.plain, reader.viewed, peer.read_crops, own.read_crops) == (6, 3, 6, 3)
    # Of 5 only the reading with language is that of the independent reader.
    assert [labels[i].label for i in range(6)] == [None if i == 2 else _marked(i) for i in range(6)]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["score"] for line in lines] == [1, 1, 0, 1, 1, 1]


@pytest.mark.parametrize("other", [False, True])
def test_the_language_of_the_preset_goes_with_its_recognizer(
    weights: Path, tmp_path: Path, other: bool
) -> None:
    start = tmp_path / "other.safetensors" if other else weights
    if other:
        shutil.copy(weights, start)
    asked: dict[str, Any] = {}
    preset = tmp_path / "mine.json"
    preset.write_text(json.dumps({"detector": str(weights), "recognizer": str(weights)}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "spotter.adaptation.labels.OwnReader", lambda *args, **kw: asked.update(kw, args=args)
        )
        preset_reader(preset, start, threads=1)
    assert asked["args"] == (preset, "torch", "cpu", 1)
    assert asked["recognizer"] == (start if other else None)


def test_views_of_a_network_do_not_depend_on_company(weights: Path) -> None:
    reader = ViewReader(weights, threads=1)
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (20, 30 + 9 * i, 3)).astype(np.uint8) for i in range(5)]
    together = list(reader.read(images))
    alone = [next(reader.read([image])) for image in images]
    assert [(r.text, r.others) for r in together] == [(r.text, r.others) for r in alone]
    assert [r.score for r in together] == pytest.approx([r.score for r in alone], abs=1e-4)
    assert all(len(each.others) == 11 for each in together)
    plain = list(reader.read(images, views=()))
    assert [each.text for each in plain] == [each.text for each in together]
