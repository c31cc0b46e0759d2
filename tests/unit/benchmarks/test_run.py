from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks.report import BenchmarkReport
from benchmarks.run import (
    averages,
    can_run,
    predict,
    score_photos,
    score_word_lists,
    score_words,
)
from benchmarks.sets import open_folder, open_set
from benchmarks.suites import (
    Average,
    PhotoSet,
    Place,
    Suite,
    WordListSet,
    WordSet,
    suite_of,
)
from benchmarks.systems import System
from spotter.errors import AnnotationError, ImageError
from spotter.structures import TextInstance

QUIET = Console(file=io.StringIO())


def words(name: str, folder: str, protocol: str = "36", count: int | None = None) -> WordSet:
    return WordSet(name, (Place("lmdb", folder),), protocol, count)


class FakeSystem(System):
    """Answers as the given functions do."""

    def __init__(
        self,
        name: str,
        about: Mapping[str, Any] | None = None,
        reads: bool = True,
        **answers: Callable[..., Any],
    ) -> None:
        super().__init__(name, about, list(answers), reads)
        self.answers = answers

    def spot(self, photo: np.ndarray) -> Any:
        return self.answers["photos"](photo)

    def spot_file(self, path: Path) -> Any:
        return self.answers["files"](path)

    def read(self, crops: Sequence[np.ndarray]) -> Any:
        return self.answers["words"](crops)


def parrot(text: str, score: float = 1.0, about: Mapping[str, Any] | None = None) -> FakeSystem:
    """Reads the same in every crop."""
    name = f"always {text}"
    return FakeSystem(name, about, words=lambda crops: [(text, score)] * len(crops))


@pytest.fixture
def two_sets(tmp_path: Path, write_lmdb: Callable) -> Suite:
    write_lmdb(tmp_path / "A", [("1", "Cat"), ("1", "cat"), ("1", "dog")])
    write_lmdb(tmp_path / "B", [("1", "cat's"), ("1", "cat"), ("1", "of"), ("1", "mat")])
    return Suite(
        "two",
        (words("a", "A"), words("b", "B", "icdar2013_857", 3), words("c", "C")),
        averages=(Average("both", ("a", "b")), Average("all", ("a", "b", "c"))),
    )


def test_scores_and_means_of_word_sets(tmp_path: Path, two_sets: Suite) -> None:
    system = parrot("cat", 0.75)
    opened = [open_set(kind, tmp_path) for kind in two_sets.words]
    assert opened[2] is None
    found = [item for item in opened if item is not None]
    scored = [score_words(system, s, predict(system, s, tmp_path, QUIET)) for s in found]
    figures = [[(s.protocol, s.values["accuracy"]) for s in scores] for scores, _ in scored]
    # b leaves out "cat's" (a symbol) and "of" (too short), but not exactly.
    assert figures == [
        [("exact", pytest.approx(1 / 3)), ("36", pytest.approx(2 / 3))],
        [("exact", 1 / 4), ("icdar2013_857", 0.5)],
    ]
    assert [scores[1].values["count"] for scores, _ in scored] == [3, 2]
    assert scored[0][0][1].values["expected_calibration_error"] == pytest.approx(0.75 - 2 / 3)
    reports = {item.name: report for item, (_, report) in zip(found, scored, strict=True)}
    exact, exact_arithmetic, weighted, arithmetic = averages(two_sets, system, reports)
    assert (exact.set_name, exact.protocol) == ("both, weighted mean", "exact")
    assert exact.values["accuracy"] == pytest.approx(2 / 7)
    assert exact_arithmetic.values["accuracy"] == pytest.approx((1 / 3 + 1 / 4) / 2)
    assert weighted.set_name == "both, weighted mean"
    assert weighted.values["accuracy"] == pytest.approx(3 / 5)
    assert weighted.values["count"] == 5
    assert arithmetic.values["accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    outcome = BenchmarkReport(
        ["two"],
        [two_sets],
        [system],
        found,
        ["c"],
        [score for scores, _ in scored for score in scores],
        "tools/benchmark.py",
    )
    assert outcome.notes() == ["c: not found, left out", "b: 2 count, the literature has 3"]


def test_predictions_are_kept_and_gone_on_with(tmp_path: Path, two_sets: Suite) -> None:
    opened = open_set(two_sets.words[0], tmp_path)
    file = predict(parrot("cat"), opened, tmp_path, QUIET)
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert [record["text"] for record in records] == ["cat"] * 3
    # Half a run is completed, and what is there is not read again.
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[0].replace('"cat"', '"kept"') + lines[1][:9])
    predict(parrot("cat"), opened, tmp_path, QUIET)
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert [record["text"] for record in records] == ["kept", "cat", "cat"]
    # Another system, or the same with other weights, has its own file.
    other = parrot("cat", about={"recognizer": "new"})
    assert other.key != parrot("cat").key


def test_unreadable_crops_count_as_misread(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("gone.png cat\n")
    opened = open_set(WordSet("words", (Place("word_list", "labels.txt"),)), tmp_path)
    (score, _), _ = score_words(
        parrot("cat"), opened, predict(parrot("cat"), opened, tmp_path, QUIET)
    )
    assert (score.values["accuracy"], score.values["count"]) == (0.0, 1)


def test_photos(validation_root: Path, tmp_path: Path) -> None:
    kind = suite_of("validation").photos[0]
    opened = open_set(kind, validation_root)
    assert list(opened.samples) == ["img_901.png", "img_902.png"]
    sizes: list[tuple[int, ...]] = []

    def spot(photo: np.ndarray) -> list[TextInstance]:
        sizes.append(photo.shape)
        corners = np.array([[200, 100], [360, 100], [360, 160], [200, 160]], np.float32)
        return [TextInstance(corners, "12345678" if len(sizes) == 1 else "wrong")]

    reader = FakeSystem("reader", photos=spot)
    scores = score_photos(reader, opened, predict(reader, opened, tmp_path, QUIET))
    assert sizes == [(360, 640, 3)] * 2
    found = {(score.task, score.protocol): score.values for score in scores}
    assert found["detection", "icdar2015"]["hmean"] == 1.0
    assert found["end_to_end", "icdar2015"]["hmean"] == 0.5
    # Word spotting looks for no numbers: nothing counts.
    assert found["end_to_end", "icdar2015_word_spotting"]["ground_truths"] == 0
    finder = FakeSystem("finder", reads=False, photos=spot)
    scores = score_photos(finder, opened, predict(finder, opened, tmp_path, QUIET))
    assert {score.task for score in scores} == {"detection"}


def line(text: str) -> TextInstance:
    return TextInstance(np.array([[0, 0], [9, 0], [9, 5], [0, 5]], np.float32), text)


def test_pictures_with_lists_of_words(tmp_path: Path) -> None:
    folder = tmp_path / "my pictures"
    folder.mkdir()
    expected = {"a.png": ["Total:", "1.80"], "b.png": ["STOP"], "c.png": ["x"]}
    (folder / "expected.json").write_text(json.dumps(expected))
    for name in expected:
        (folder / name).write_bytes(b"")
    opened = open_folder(folder)
    assert opened.name == "my pictures"

    def spot(path: Path) -> list[TextInstance]:
        if path.name == "c.png":
            raise ImageError("broken")
        return [line("Total: 180")] if path.name == "a.png" else [line("STOP"), line("it")]

    system = FakeSystem("reader", files=spot)
    score = score_word_lists(system, opened, predict(system, opened, tmp_path, QUIET))
    # a: one of two right, one false; b: one of one, one false; c: nothing.
    assert score.values["exact"]["all"] == {"right": 2, "true": 4, "false": 2, "share": 0.5}
    assert score.values["loose"]["all"]["right"] == 3
    assert score.values["mean_f1"] == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    outcome = BenchmarkReport([], [], [system], [opened], [], [score], "tools/benchmark.py")
    assert outcome.notes() == []
    cells = {row.measure: row.cells["reader"] for row in outcome.overview()}
    assert cells["exact, all"] == "2 of 4 (50.00)"
    assert cells["exact, number with . or ,"] == "0 of 1 (0.00)"
    assert cells["exact F1, mean of files"] == "38.89"
    assert cells["exact, false words"] == "2"
    assert "loose, one character" not in cells
    assert "loose, one character" in {row.measure for row in outcome.rows()}
    (folder / "c.png").unlink()
    with pytest.raises(AnnotationError, match=r"no picture c\.png"):
        open_folder(folder)


def test_who_can_run_what() -> None:
    photos = PhotoSet("p", (), (), ())
    assert can_run(parrot("a"), words("w", "W"))
    assert not can_run(parrot("a"), WordListSet("l", ()))
    assert can_run(FakeSystem("x", files=lambda path: []), WordListSet("l", ()))
    assert not can_run(parrot("a"), photos)
    assert can_run(FakeSystem("x", photos=lambda photo: []), photos)
