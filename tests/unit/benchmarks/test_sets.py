from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.sets import find, open_set
from benchmarks.suites import LexiconPlace, PhotoSet, Place, WordSet
from spotter.decoding.lexicon import Lexicon
from spotter.errors import AnnotationError, ConfigError
from tests.unit.benchmarks.conftest import encoded
from tests.unit.pipeline.networks import photo

QUAD = "0,0,40,0,40,20,0,20"


def words(*places: str) -> WordSet:
    return WordSet("words", tuple(Place("lmdb", place) for place in places))


def test_sets_are_found_two_levels_deep(tmp_path: Path, write_lmdb: Callable) -> None:
    write_lmdb(tmp_path / "evaluation/benchmark/SVT", [("123", "123"), ("45", "45")])
    opened = open_set(words("svt", "SVT"), tmp_path)
    assert opened is not None
    assert opened.place == "evaluation/benchmark/SVT"
    assert [sample["text"] for sample in opened.samples.values()] == ["123", "45"]
    assert open_set(words("IIIT5K"), tmp_path) is None


def test_the_nearest_and_preferred_place_wins(tmp_path: Path, write_lmdb: Callable) -> None:
    write_lmdb(tmp_path / "a/SVT", [("1", "deep")])
    write_lmdb(tmp_path / "SVT", [("1", "near")])
    write_lmdb(tmp_path / "svt_647", [("1", "other")])
    assert open_set(words("SVT", "svt_647"), tmp_path).place == "SVT"
    assert open_set(words("svt_647", "SVT"), tmp_path).place == "svt_647"
    (tmp_path / "b").mkdir()
    (tmp_path / "b/x").mkdir()
    (tmp_path / "a/x").mkdir()
    with pytest.raises(ConfigError, match=r"several x: a/x, b/x"):
        find(tmp_path, "x")


def test_a_folder_without_archive_is_no_lmdb(tmp_path: Path) -> None:
    (tmp_path / "curve").mkdir()
    (tmp_path / "curve/annotation.jsonl").write_text('{"filename": "1.png", "text": "Ab"}\n')
    kind = WordSet("curve", (Place("lmdb", "curve"), Place("union14m", "curve/annotation.jsonl")))
    opened = open_set(kind, tmp_path)
    assert [sample["text"] for sample in opened.samples.values()] == ["Ab"]


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    for folder in ("icdar2015/ch4_test_images", "icdar2015/gt_test", "icdar2015/lexicons/strong"):
        (tmp_path / folder).mkdir(parents=True)
    root = tmp_path / "icdar2015"
    (root / "ch4_test_images/img_1.png").write_bytes(encoded(photo(80, 60, [])))
    (root / "gt_test/gt_img_1.txt").write_text(f"{QUAD},Hotel\n")
    (root / "lexicons/strong/voc_img_1.txt").write_text("HOTEL\n")
    (root / "weak.txt").write_text("hotel\n")
    (root / "pairs.txt").write_text("HOTEL Hotel!\n")
    return tmp_path


SCENES = PhotoSet(
    "scenes",
    (Place("icdar2015", "icdar2015", "test"),),
    ("icdar2015",),
    ("icdar2015",),
    (
        LexiconPlace("strong", ("strong",)),
        LexiconPlace("weak", ("weak_new.txt", "weak.txt"), ("", "pairs.txt")),
        LexiconPlace("generic", ("GenericVocabulary.txt",)),
    ),
)


def test_lexicons_lie_beside_the_photos(scenes: Path) -> None:
    opened = open_set(SCENES, scenes)
    assert opened is not None
    assert opened.missing == ("generic",)
    assert opened.lexicons["strong"]["img_1.png"].words == ["HOTEL"]
    weak = opened.lexicons["weak"]
    assert isinstance(weak, Lexicon)
    assert weak.nearest("hotel") == ("Hotel!", 0.0)


def test_malformed_entries_are_named(scenes: Path) -> None:
    (scenes / "icdar2015/gt_test/gt_img_1.txt").write_text("1,2,3\n")
    with pytest.raises(AnnotationError, match=r"gt_img_1.txt:1: .*1 such entries"):
        open_set(SCENES, scenes)
