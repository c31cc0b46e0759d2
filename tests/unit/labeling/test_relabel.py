"""Completing labels by what a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.charset import Charset
from spotter.data.readers import ICDARDetectionReader, WordListReader
from spotter.errors import ConfigError
from spotter.io.images import read_image
from spotter.label_alphabet import LabelAlphabet
from spotter.labeling.readers import spell
from spotter.labeling.relabel import (
    Relabeller,
    RelabelRules,
    relabel_list,
    relabel_photos,
)

LETTERS = LabelAlphabet.load("36")
CROP = np.zeros((8, 8, 3), np.uint8)


class FixedReader:
    """Reads the same, whatever the crop."""

    name = "fixed"

    def __init__(self, text: str | None, score: float = 0.99, frames: str = "") -> None:
        self.text, self.score = text, score
        self.characters = "".join(sorted(set(frames + "its,.'")))
        self.frames = frames

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        return [(self.text, self.score)] * len(crops)

    def log_probabilities(self, crop: np.ndarray) -> np.ndarray:
        probabilities = np.full((len(self.frames), len(self.characters) + 1), 0.001)
        for row, character in zip(probabilities, self.frames, strict=True):
            row[1 + self.characters.index(character)] = 0.99
        return np.log(probabilities)


def test_a_reading_that_says_what_the_label_says_completes_it() -> None:
    word = Relabeller(LETTERS, FixedReader("It's,"))(CROP, "its")
    assert (word.text, word.how, word.changed) == ("It's,", "agreement", True)


def test_accents_that_labels_leave_out() -> None:
    word = Relabeller(LETTERS, FixedReader("CITROËN"))(CROP, "CITROEN")
    assert (word.text, word.how) == ("CITROËN", "agreement")


def test_without_agreement_the_frames_decide() -> None:
    # Read wrongly as a whole, but the label's letters and a comma are what the frames show.
    reader = FixedReader("ils,", frames="its,")
    word = Relabeller(LETTERS, reader)(CROP, "its")
    assert (word.text, word.how) == ("its,", "peer")
    assert word.sure > 0.8
    only = RelabelRules(by="agreement")
    assert Relabeller(LETTERS, reader, rules=only)(CROP, "its").how == "unlike"


def test_frames_that_do_not_show_the_label() -> None:
    word = Relabeller(LETTERS, FixedReader("sss", frames="s.s.s"))(CROP, "its")
    assert (word.text, word.how) == (None, "unlike")
    assert Relabeller(LETTERS, FixedReader("x", frames="its"))(CROP, "its9").how == "unspellable"


def test_a_doubtful_agreement_does_not_count() -> None:
    reader = FixedReader("its,", 0.5, frames="its")
    assert Relabeller(LETTERS, reader)(CROP, "its").text == "its"


def test_a_method_needs_its_reader() -> None:
    with pytest.raises(ConfigError, match="needs a reader"):
        Relabeller(LETTERS, FixedReader("a"), rules=RelabelRules(by="constrained"))
    with pytest.raises(ConfigError, match="by must be one of"):
        RelabelRules(by="guess")  # type: ignore[arg-type]


def test_a_list_and_photos_are_written(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / name), CROP)
    (tmp_path / "labels.txt").write_text("a.png its\nb.png other\n")
    words = WordListReader(tmp_path / "labels.txt")
    relabeller = Relabeller(LETTERS, FixedReader("It's", frames="its"))
    report = relabel_list(
        words, relabeller, lambda sample: read_image(sample["img_path"]), tmp_path / "new.txt"
    )
    assert (report.words, report.kept, report.changed) == (2, 1, 1)
    assert [sample["text"] for sample in WordListReader(tmp_path / "new.txt")] == ["It's"]

    (tmp_path / "gt").mkdir()
    lines = "0,0,6,0,6,4,0,4,ITS\n0,4,6,4,6,8,0,8,OTHER\n"
    (tmp_path / "gt" / "gt_a.txt").write_text(lines)
    photos = ICDARDetectionReader(tmp_path / "gt", tmp_path)
    report = relabel_photos(
        photos, relabeller, lambda sample: read_image(sample["img_path"]), tmp_path / "new"
    )
    assert report.how == {"agreement": 1, "unspellable": 1}
    written = ICDARDetectionReader(tmp_path / "new", tmp_path)[0]["instances"]
    assert [(word["text"], word["ignore"]) for word in written] == [("It's", False), (None, True)]


@pytest.mark.parametrize(
    ("text", "spelled"), [("a b", "ab"), ("１！", "1!"), ("中a", None), (None, None), (" ", None)]
)
def test_readings_in_the_characters_of_a_set(text: str | None, spelled: str | None) -> None:
    assert spell(text, Charset.load("94")) == spelled
