from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks.report import Outcome
from benchmarks.run import averages, can_run, predict, score_photos, score_words
from benchmarks.sets import open_set
from benchmarks.suites import Average, PhotoSet, Place, Suite, WordSet, suite_of
from benchmarks.systems import Contender
from spotter.structures import TextInstance

QUIET = Console(file=io.StringIO())


def words(name: str, folder: str, protocol: str = "36", count: int | None = None) -> WordSet:
    return WordSet(name, (Place("lmdb", folder),), protocol, count)


def parrot(text: str, score: float = 1.0) -> Contender:
    """Reads the same in every crop."""
    return Contender(f"always {text}", words=lambda crops: [(text, score)] * len(crops))


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
    contender = parrot("cat", 0.75)
    opened = [open_set(kind, tmp_path) for kind in two_sets.words]
    assert opened[2] is None
    found = [item for item in opened if item is not None]
    scored = [score_words(contender, s, predict(contender, s, tmp_path, QUIET)) for s in found]
    # b leaves out "cat's" (a symbol) and "of" (too short).
    assert [s.values["accuracy"] for s, _ in scored] == [pytest.approx(2 / 3), 0.5]
    assert [s.values["count"] for s, _ in scored] == [3, 2]
    assert scored[0][0].values["expected_calibration_error"] == pytest.approx(0.75 - 2 / 3)
    reports = {item.name: report for item, (_, report) in zip(found, scored, strict=True)}
    weighted, arithmetic = averages(two_sets, contender, reports)
    assert weighted.set_name == "both, weighted mean"
    assert weighted.values["accuracy"] == pytest.approx(3 / 5)
    assert weighted.values["count"] == 5
    assert arithmetic.values["accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    outcome = Outcome(
        ["two"], [two_sets], [contender], found, ["c"], [s for s, _ in scored], "tools/benchmark.py"
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
    # Another contender, or the same with other weights, has its own file.
    other = Contender("always cat", {"recognizer": "new"}, words=parrot("cat").words)
    assert other.key != parrot("cat").key


def test_unreadable_crops_count_as_misread(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("gone.png cat\n")
    opened = open_set(WordSet("words", (Place("word_list", "labels.txt"),)), tmp_path)
    score, _ = score_words(parrot("cat"), opened, predict(parrot("cat"), opened, tmp_path, QUIET))
    assert (score.values["accuracy"], score.values["count"]) == (0.0, 1)


def test_photos(validation_root: Path, tmp_path: Path) -> None:
    (kind,) = suite_of("validation").photos
    opened = open_set(kind, validation_root)
    assert list(opened.samples) == ["img_901.png", "img_902.png"]
    sizes = []

    def spot(photo: np.ndarray) -> list[TextInstance]:
        sizes.append(photo.shape)
        # The label of the stored photo, at twice its size.
        corners = np.array([[400, 200], [720, 200], [720, 320], [400, 320]], np.float32)
        return [TextInstance(corners, "12345678" if len(sizes) == 1 else "wrong")]

    reader = Contender("reader", photos=spot)
    scores = score_photos(reader, opened, predict(reader, opened, tmp_path, QUIET))
    assert sizes == [(720, 1280, 3)] * 2
    found = {(score.task, score.protocol): score.values for score in scores}
    assert found["detection", "icdar2015"]["hmean"] == 1.0
    assert found["end_to_end", "icdar2015"]["hmean"] == 0.5
    # Word spotting looks for no numbers: nothing counts.
    assert found["end_to_end", "icdar2015_word_spotting"]["ground_truths"] == 0
    finder = Contender("finder", photos=spot, reads=False)
    scores = score_photos(finder, opened, predict(finder, opened, tmp_path, QUIET))
    assert {score.task for score in scores} == {"detection"}


def test_who_can_run_what() -> None:
    photos = PhotoSet("p", (), (), ())
    assert can_run(parrot("a"), words("w", "W"))
    assert not can_run(parrot("a"), photos)
    assert can_run(Contender("x", photos=lambda photo: []), photos)
