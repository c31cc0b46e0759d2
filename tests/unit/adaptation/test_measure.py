"""Figures by hand, and the guard set that ships."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotter.adaptation.crops import gather_crops
from spotter.adaptation.labelled import LabelledWords
from spotter.adaptation.measure import guard_words, measure_labelled, measure_unlabelled
from spotter.adaptation.run import _hidden
from spotter.adaptation.views import ViewReadings
from spotter.charset import Charset
from spotter.errors import AnnotationError, ConfigError
from spotter.io.images import encode_jpeg
from spotter.synthesis.word_archive import WordArchive
from tests.unit.adaptation.conftest import text_of


class Fixed:
    """Gives readings whatever the crops."""

    def __init__(self, *readings: ViewReadings) -> None:
        self.readings = readings

    def read(self, crops: Iterable[np.ndarray], views: Any = None) -> Iterator[ViewReadings]:
        yield from self.readings


def test_figures_by_hand() -> None:
    reader: Any = Fixed(ViewReadings("a", 0.9, ("a", "b")), ViewReadings("c", 0.5, ("c", "c")))
    crop = np.zeros((2, 2, 3), np.uint8)
    figures = measure_unlabelled(reader, [crop, crop], ["a", None])
    assert (figures.words, figures.agreement, figures.peer_agreement) == (2, 0.75, 0.5)
    assert figures.confidence == pytest.approx(0.7)
    assert figures.overconfidence == pytest.approx(-0.05)
    before = measure_labelled(reader, [(crop, "A"), (crop, "c")])
    assert (before.exact, before.exact_folded) == (0.5, 1.0)
    better: Any = Fixed(ViewReadings("A", 0.9, ()), ViewReadings("d", 0.9, ()))
    after = measure_labelled(better, [(crop, "A"), (crop, "c")])
    assert before.changes(after) == (1, 1)


def test_the_guard_set_that_ships(tmp_path: Path) -> None:
    words = guard_words(Charset.load("latin").characters)
    assert len(words) == 600
    digits = guard_words("0123456789")
    assert 10 < len(digits) < 100
    assert all(text.isdigit() for _, text in digits)
    assert all(image.ndim == 3 for image, _ in digits)
    (tmp_path / "guard.zip").write_bytes(b"no archive")
    with pytest.raises(AnnotationError, match="no guard set"):
        guard_words("abc", tmp_path / "guard.zip")


def test_labelled_words_of_a_list(pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("".join(f"{pictures / f'{n:02d}.png'} {text_of(n)}\n" for n in range(3)))
    words = LabelledWords(file)
    assert len(words) == 3
    assert words.files() == {(pictures / f"{n:02d}.png").resolve() for n in range(3)}
    assert [(image.shape, text) for image, text in words.load()] == [
        ((24, 40, 3), text_of(n)) for n in range(3)
    ]
    with pytest.raises(ConfigError, match="no such file"):
        LabelledWords(tmp_path / "labels.csv")


def test_labelled_words_of_an_archive_are_hidden(tmp_path: Path) -> None:
    source, copy = tmp_path / "words.lmdb", tmp_path / "crops.lmdb"
    picture = encode_jpeg(np.full((24, 40, 3), 99, np.uint8), 95)
    with WordArchive(source, "test") as archive:
        archive.append([(picture, text_of(n)) for n in range(3)])
    words = LabelledWords(source)
    crops = gather_crops(source, copy, None)
    assert words.files() == {(source / origin).resolve() for origin in crops.origins}
    assert _hidden(crops, source, words) == set(crops.origins)


def test_labelled_words_of_photos(pictures: Path, tmp_path: Path) -> None:
    photo = {
        "img_path": str(pictures / "00.png"),
        "instances": [
            {"polygon": [[2, 2], [38, 2], [38, 22], [2, 22]], "text": "yes", "ignore": False},
            {"polygon": [[2, 2], [38, 2], [38, 22], [2, 22]], "text": None, "ignore": True},
        ],
    }
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps(photo) + "\n")
    words = LabelledWords(file)
    # Grown by a tenth of the height of 20 pixels on every side.
    assert [(image.shape, text) for image, text in words.load()] == [((24, 40, 3), "yes")]
    photo["instances"].pop(0)
    file.write_text(json.dumps(photo) + "\n")
    with pytest.raises(AnnotationError, match="no labelled words"):
        LabelledWords(file)
