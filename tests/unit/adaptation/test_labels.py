"""When a word gets a label, and that each is read once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotter.adaptation.crops import Crops
from spotter.adaptation.labels import WordRules, check_enough, label_words
from spotter.adaptation.views import ViewReader, ViewReadings
from spotter.data.readers.pseudo_labels import PseudoLabelReader
from spotter.errors import ConfigError, SpotterError
from tests.unit.adaptation.conftest import text_of


def test_votes_by_hand() -> None:
    readings = ViewReadings("a", 0.9, ("b", "b", "a", "b"))
    assert readings.agreement == 0.25
    assert readings.vote() == ("b", 0.6)
    # Of a tie the crop itself decides.
    assert ViewReadings("a", 0.9, ("b",)).vote() == ("a", 0.5)
    assert ViewReadings("a", 0.9, ()).vote() == ("a", 1.0)


def test_rules() -> None:
    rules = WordRules(min_share=0.6, min_score=0.9)
    assert rules.by_views(ViewReadings("a", 0.9, ("b", "b", "a", "b"))) == "b"
    assert rules.by_views(ViewReadings("a", 0.9, ("b", "c", "a"))) is None
    assert rules.by_views(ViewReadings("", 0.0, ("", ""))) is None
    seen = ViewReadings("XS2MA", 0.9, ("XS2", "xs2ma"))
    # Marks are the independent reader's, letters and their case some view's.
    assert rules.by_agreement(seen, ("-XS2MA", 0.95)) == "-XS2MA"
    assert rules.by_agreement(seen, ("XS2", 0.95)) == "XS2"
    assert rules.by_agreement(seen, ("Xs2ma", 0.95)) is None
    assert rules.by_agreement(seen, ("-XS2MA", 0.85)) is None
    assert rules.by_agreement(seen, ("--", 0.95)) is None
    assert rules.by_agreement(seen, (None, 0.0)) is None
    with pytest.raises(ConfigError, match="min_share"):
        WordRules(min_share=0.0)


class Teller:
    """Reads number n as its text, but for every third, of which only the views say it."""

    characters = "0123456789-"

    def __init__(self) -> None:
        self.plain = self.viewed = 0
        self.peers = 0

    def read(self, crops: Iterable[np.ndarray], views: Any = None) -> Iterator[ViewReadings]:
        for crop in crops:
            number = int(crop[0, 0, 0])
            text = text_of(number)
            first = "7" if number % 3 == 0 else text
            self.plain += views == ()
            self.viewed += views is None
            yield ViewReadings(first, 0.9, () if views == () else (text, text, text))


class Peer(Teller):
    """Sees a mark before each word; is unsure of number 2."""

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:  # type: ignore[override]
        self.peers += len(crops)
        numbers = [int(crop[0, 0, 0]) for crop in crops]
        return [(f"-{text_of(n)}", 0.5 if n == 2 else 0.99) for n in numbers]


@pytest.fixture
def numbered(crops: Crops, monkeypatch: pytest.MonkeyPatch) -> Crops:
    """Crops whose pixels are their number."""
    monkeypatch.setattr(Crops, "load", lambda _, index: np.full((2, 2, 3), index, np.uint8))
    return crops


def test_labels_by_views_are_what_the_reader_of_labels_takes(
    numbered: Crops, tmp_path: Path
) -> None:
    reader: Any = Teller()
    file = tmp_path / "labels.jsonl"
    label_words(numbered, range(5), reader, file, WordRules())
    labels = label_words(numbered, range(10), reader, file, WordRules())
    assert reader.viewed == 10  # the first five once
    assert [labels[i].label for i in range(10)] == [text_of(i) for i in range(10)]
    assert (labels[3].plain, labels[3].share) == ("7", 0.75)
    inner = {"type": "LMDBReader", "lmdb_path": str(numbered.path), "labelled": False}
    read = PseudoLabelReader({**inner, "indices": list(range(10))}, file)
    assert [sample["text"] for sample in read] == [text_of(i) for i in range(10)]


def test_labels_by_agreement_look_at_views_only_where_they_can_decide(
    numbered: Crops, tmp_path: Path
) -> None:
    reader: Any = Teller()
    peer: Any = Peer()
    file = tmp_path / "labels.jsonl"
    labels = label_words(numbered, range(6), reader, file, WordRules(), peer)
    assert (reader.plain, reader.viewed, peer.peers) == (6, 2, 6)  # views of 0 and 3
    expected = [f"-{text_of(i)}" if i != 2 else None for i in range(6)]
    assert [labels[i].label for i in range(6)] == expected
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["score"] for line in lines] == [1, 1, 0, 1, 1, 1]
    check_enough(labels, range(6), 5)
    with pytest.raises(SpotterError, match="5 of 6 words got a label"):
        check_enough(labels, range(6), 6)


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
