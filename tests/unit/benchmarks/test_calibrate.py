"""Scores of a preset against what is right."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.answers import Answers, found_words
from benchmarks.calibrate import calibrate, read_words
from benchmarks.sets import open_set
from benchmarks.suites import Place, WordSet
from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import ConfigError
from spotter.pipeline import SceneTextSpotter, WordRecognizer
from spotter.pipeline.crop_batching import WordReading
from spotter.structures import TextInstance
from tests.unit.benchmarks.conftest import encoded
from tests.unit.pipeline.networks import bright_detector, digit_recognizer, photo, written


def box(x: float, text: str, score: float = 1.0, ignore: bool = False) -> TextInstance:
    polygon = np.array([[x, 0], [x + 10, 0], [x + 10, 5], [x, 5]], np.float32)
    return TextInstance(polygon, text, ignore, score, 0.5)


def test_what_counts_as_right() -> None:
    truths = {"a": [box(0, "cat"), box(20, "dog"), box(40, "", ignore=True)], "b": []}
    words = {
        "a": [box(0, "CAT", 0.9), box(1, "cat", 0.8), box(20, "cow", 0.7), box(40, "x", 0.6)],
        "b": [box(0, "cat", 0.5)],
    }
    there, found, read = found_words(words, truths)
    # Of those that are there, one is read wrong.
    assert found.correct.tolist() == [True, False]
    assert found.scores.tolist() == [0.5, 0.5]
    # The second is a double of the first; the one on the don't-care word is left out.
    assert there.correct.tolist() == [True, False, True, False]
    assert there.scores.tolist() == [0.9, 0.8, 0.7, 0.5]
    assert read.correct.tolist() == [True, False, False, False]
    assert read.scores == pytest.approx([0.5 * score**0.5 for score in (0.9, 0.8, 0.7, 0.5)])
    assert there.groups.tolist() == [0, 0, 0, 1]


def test_no_answer_is_calibrated_by_its_own_half() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    scores = rng.uniform(size=200)
    correct = rng.uniform(size=200) < scores
    before = Answers("", scores, correct, groups).held_out()
    # Photo 0 and its half have no part in the scores of their own.
    changed = np.where(groups == 0, ~correct, correct)
    after = Answers("", scores, changed, groups).held_out()
    assert after[groups % 2 == 0] == pytest.approx(before[groups % 2 == 0])
    assert np.abs(after[groups % 2 == 1] - before[groups % 2 == 1]).max() > 1e-4


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    bright_detector(tmp_path / "bright.onnx")
    digit_recognizer(tmp_path / "digits.onnx")
    file = tmp_path / "preset.json"
    file.write_text(json.dumps({"detector": "bright.onnx", "recognizer": "digits.onnx"}))
    return file


def test_a_preset_gets_its_calibration(
    preset: Path, validation_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = validation_root / "icdar2015_train"
    for number in (901, 902):
        image = photo(640, 360, [(200, 100, 160, 60)])
        # Fainter, and no word.
        image[220:280, 200:360] = np.random.default_rng(number).integers(158, 168, (60, 160, 3))
        (photos / f"images/img_{number}.png").write_bytes(encoded(image))
        # What is found reaches beyond what is bright.
        label = "170,70,390,70,390,190,170,190,12345678\n"
        (photos / f"gt/gt_img_{number}.txt").write_text(label)
    words = validation_root / "svt_words_test"
    labels = (words / "labels.txt").read_text()
    for number in range(3, 7):
        faint = written("31415926") // 16 + 120
        (words / f"images/{number}.png").write_bytes(encoded(faint.astype(np.uint8)))
        labels += f"images/{number}.png 999\n"
    (words / "labels.txt").write_text(labels)

    page = tmp_path / "docs" / "preset.md"
    calibrate(str(preset), "validation", validation_root, 1, page, write=True)

    printed = capsys.readouterr().out
    assert "a word is there, 4 answers" in printed
    assert "a crop is read right, 8 answers" in printed
    fitted = json.loads(preset.read_text())["calibration"]
    assert fitted["detection"]["temperature"] > 0
    assert "| a word is there | 4 |" in page.read_text()
    assert (page.parent / "preset_reliability.png").stat().st_size > 5000

    # What is written is used from now on, unless it is not wanted.
    picture = photo(640, 360, [(200, 100, 160, 60)])
    given = SceneTextSpotter(preset, threads=1, calibrated=False).spot(picture).instances[0]
    (word,) = SceneTextSpotter(preset, threads=1).spot(picture).instances
    for part in ("detection", "recognition"):
        expected = ScoreCalibration(**fitted[part])(getattr(given, f"{part}_score"))
        assert getattr(word, f"{part}_score") == pytest.approx(expected)
    (found,) = SceneTextSpotter(preset, threads=1).detect(picture)
    assert found.detection_score == word.detection_score
    crop = written("31415926")
    (plain,), _ = WordRecognizer(preset, threads=1, calibrated=False).read([crop])
    (reading,), _ = WordRecognizer(preset, threads=1).read([crop])
    expected = ScoreCalibration(**fitted["recognition"])(plain.score)
    assert reading.score == pytest.approx(expected)
    # With another language, or none, it is another reader.
    (other,), _ = WordRecognizer(preset, threads=1, language="none").read([crop])
    assert other.score == plain.score

    # Words that were found have a fit of their own.
    content = json.loads(preset.read_text())
    content["calibration"]["found"] = {"temperature": 3.0}
    preset.write_text(json.dumps(content))
    (word,) = SceneTextSpotter(preset, threads=1).spot(picture).instances
    assert word.recognition_score == ScoreCalibration(3.0)(given.recognition_score)
    (same,), _ = WordRecognizer(preset, threads=1).read([crop])
    assert same.score == reading.score


class FixedReader:
    """Reads given texts, with given scores."""

    def __init__(self, readings: list[tuple[str, float]]) -> None:
        self.readings = readings

    def read(self, crops: Iterable[np.ndarray]) -> tuple[list[WordReading], None]:
        assert len(list(crops)) == len(self.readings)
        return [WordReading(text, [], score) for text, score in self.readings], None


def test_a_reading_without_its_mark_is_not_right(tmp_path: Path) -> None:
    labels = ("1.80", "Don't", "%", "a")
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(encoded(written("1")))
    lines = [f"{number}.png {label}" for number, label in enumerate(labels)]
    (tmp_path / "labels.txt").write_text("\n".join(lines))
    kind = WordSet("words", (Place("word_list", "labels.txt"),), label_alphabet="94")
    opened = open_set(kind, tmp_path)
    assert opened is not None
    # 180 lacks its point, "a" is read as nothing; a space is no mark.
    reader = FixedReader([("180", 0.9), ("Do n't", 0.8), ("%", 0.7), ("", 0.0)])
    answers, accuracies = read_words(reader, [opened])
    assert answers.correct.tolist() == [False, True, True]
    assert answers.scores.tolist() == [0.9, 0.8, 0.7]
    # Folded, 180 is right, and the percent sign does not count.
    assert accuracies["exact"] == {"words": 2 / 4}
    assert accuracies["folded"] == {"words": pytest.approx(2 / 3)}


def test_a_suite_that_is_not_there(preset: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs words and photos"):
        calibrate(str(preset), "validation", tmp_path, 1, None, write=False)
