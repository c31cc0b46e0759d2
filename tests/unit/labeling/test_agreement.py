"""Labels that two readers agree on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from spotter.bulk.run import Photos
from spotter.errors import ConfigError
from spotter.labeling.agreement import (
    AgreementFigures,
    AgreementLabeller,
    AgreementRules,
    outlines_by_stem,
)
from spotter.labeling.photo_labels import LabelJob, label_photos
from spotter.labeling.rapidocr import RapidOCREngine


@pytest.mark.parametrize(
    ("own", "peer", "alike", "with_marks"),
    [
        ("1.80", "1.80", "1.80", "1.80"),
        ("180", "1.80", None, "1.80"),
        ("CAFE", "CAFÉ", None, "CAFÉ"),
        ("Its", "its", None, None),  # case is seen by both or by none
        ("cat", "car", None, None),
        ("!", "?", None, None),
        (None, "a", None, None),
        ("a", None, None, None),
    ],
)
def test_what_two_readings_make(
    own: str | None, peer: str | None, alike: str | None, with_marks: str | None
) -> None:
    assert AgreementRules().label((own, 0.5), (peer, 0.9)) == alike
    assert AgreementRules(take_marks=True).label((own, 0.5), (peer, 0.9)) == with_marks


def test_limits() -> None:
    assert AgreementRules(min_score=0.95).label(("a", 0.5), ("a", 0.9)) is None
    assert AgreementRules(min_length=2).label(("a", 0.5), ("a", 0.9)) is None
    with pytest.raises(ConfigError, match="min_score"):
        AgreementRules(min_score=2)


def test_figures_by_hand() -> None:
    truths = ["one", "two", "3.5", "four"]
    own = [("one", 1.0), ("two", 1.0), ("35", 1.0), ("tour", 1.0)]
    peer = [("one", 1.0), ("twe", 1.0), ("3.5", 1.0), ("tour", 1.0)]
    figures = AgreementFigures.of(truths, own, peer, AgreementRules(take_marks=True))
    assert figures == AgreementFigures(words=4, agreed=3, right=2, own_right=2, peer_right=2)
    assert str(figures).startswith("4 words: 75.0% agreed, of which 66.7% right")


class EchoReader:
    """Reads the same whatever the crop, and keeps the crops."""

    name = "echo"
    characters = "a"

    def __init__(self, text: str) -> None:
        self.text = text
        self.crops: list[np.ndarray] = []

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        self.crops.extend(crops)
        return [(self.text, 1.0)] * len(crops)

    def log_probabilities(self, crop: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    image = np.full((120, 320, 3), 255, np.uint8)
    cv2.putText(image, "HOTEL", (60, 75), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 5)
    return image


def test_words_at_given_places(photo: np.ndarray, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "sign.png"), photo)
    word = np.array([[55, 25], [265, 25], [265, 82], [55, 82]], np.float32)
    # A second place shows nothing, and stays as one to ignore.
    empty = np.array([[5, 100], [50, 100], [50, 115], [5, 115]], np.float32)
    instances = [{"polygon": each, "ignore": False} for each in (word, empty)]
    outlines = outlines_by_stem([{"img_path": "x/sign.jpg", "instances": instances}])
    peer = EchoReader("HOTEL")
    labeller = AgreementLabeller(peer, threads=1, outlines=outlines)
    photos = Photos.named({"sign.png": tmp_path / "sign.png"})
    report = label_photos(photos, tmp_path / "gt", LabelJob(lambda: labeller))
    assert (report.words, report.labelled) == (2, 1)
    assert peer.crops[0].shape[1] > 200
    lines = (tmp_path / "gt" / "gt_sign.txt").read_text().splitlines()
    assert [line.split(",", 8)[8] for line in lines] == ["HOTEL", "###"]


def test_a_reader_that_disagrees(photo: np.ndarray) -> None:
    words = AgreementLabeller(EchoReader("MOTEL"), threads=1).label(photo)
    assert words
    assert all(word.ignore and word.text is None for word in words)


def test_words_that_only_the_independent_reader_finds(photo: np.ndarray) -> None:
    image = np.full((300, 320, 3), 255, np.uint8)
    image[:120] = photo
    found = AgreementLabeller(EchoReader("HOTEL"), threads=1).label(image)
    assert len(found) == 1
    own = found[0].polygon
    below = np.array([[60, 200], [120, 200], [120, 230], [60, 230]], np.float32)

    def find(_: np.ndarray) -> list[np.ndarray]:
        return [own + 3, below, below + 2]

    words = AgreementLabeller(EchoReader("HOTEL"), threads=1, find=find).label(image)
    # What both find counts once; what is found beside it has an outline, if no label.
    assert [(word.text, word.ignore) for word in words] == [("HOTEL", False), (None, True)]
    np.testing.assert_array_equal(words[1].polygon, below)


def test_word_outlines_of_rapidocr(monkeypatch: pytest.MonkeyPatch) -> None:
    box = [[0, 0], [9, 0], [9, 4], [0, 4]]
    output = SimpleNamespace(
        txts=("two", ""),
        word_results=[(("two", 0.9, box), (" ", 0.9, box)), (("", 0.0, None),)],
    )
    monkeypatch.setattr(RapidOCREngine, "__init__", lambda self: None)
    monkeypatch.setattr(RapidOCREngine, "spot", lambda self, image, words: output)
    [outline] = RapidOCREngine().word_outlines(np.zeros((8, 8, 3), np.uint8))
    np.testing.assert_array_equal(outline, np.array(box, np.float32))
    output.txts = None
    assert RapidOCREngine().word_outlines(np.zeros((8, 8, 3), np.uint8)) == []
