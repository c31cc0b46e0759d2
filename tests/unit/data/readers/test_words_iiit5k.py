"""IIIT5K: MATLAB structs of names, words and lexicons."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spotter.data.readers import IIIT5KReader
from spotter.errors import AnnotationError, ConfigError

scipy_io = pytest.importorskip("scipy.io")

FIELDS = ("ImgName", "GroundTruth", "smallLexi", "mediumLexi")


def cells(*words):
    """A cell array of one row, as MATLAB saves it."""
    array = np.empty((1, len(words)), object)
    array[0, :] = words
    return array


def write(path, name, fields, *entries):
    array = np.empty((1, len(entries)), [(field, object) for field in fields])
    for index, entry in enumerate(entries):
        array[0, index] = entry
    scipy_io.savemat(path, {name: array, "other": 1})
    return path


@pytest.fixture
def file(tmp_path):
    entries = [
        ("train/1009_1.png", "You", cells("YOU", "AND"), cells("YOU", "AND", "ME")),
        ("train/1009_2.png", "RESCUE", cells("RESCUE", "CREW"), cells("A", "B", "RESCUE")),
        ("train/1009_3.png", "", cells("A"), cells("B")),
    ]
    return write(tmp_path / "traindata.mat", "traindata", FIELDS, *entries)


def test_words_and_lexicons(file, tmp_path):
    reader = IIIT5KReader(file)
    assert [sample["text"] for sample in reader] == ["You", "RESCUE", None]
    assert reader[0] == {"img_path": str(tmp_path / "train/1009_1.png"), "text": "You"}
    small = IIIT5KReader(file, "root", lexicon="small")
    assert small[1] == {
        "img_path": "root/train/1009_2.png", "text": "RESCUE", "lexicon": ["RESCUE", "CREW"],
    }  # fmt: skip
    small[1]["lexicon"].clear()
    assert small[1]["lexicon"] == ["RESCUE", "CREW"]
    assert IIIT5KReader(file, lexicon="medium")[0]["lexicon"] == ["YOU", "AND", "ME"]
    with pytest.raises(ConfigError, match="lexicon is small, medium or None"):
        IIIT5KReader(file, lexicon="large")


def test_files_of_characters(tmp_path):
    fields = ("ImgName", "chars", "charBB")
    entries = [
        ("test/1002_1.png", "PRIVATE", np.zeros((7, 4))),
        ("test/1_1.png", "A", np.ones((1, 4))),
    ]
    file = write(tmp_path / "testCharBound.mat", "testCharBound", fields, *entries)
    assert [sample["text"] for sample in IIIT5KReader(file)] == ["PRIVATE", "A"]
    with pytest.raises(AnnotationError, match="testCharBound has no field smallLexi"):
        IIIT5KReader(file, lexicon="small")


def test_what_is_wrong(file, tmp_path, monkeypatch):
    with pytest.raises(AnnotationError, match=r"testdata\.mat: cannot be read"):
        IIIT5KReader(tmp_path / "testdata.mat")
    with pytest.raises(AnnotationError, match="has no variable renamed"):
        IIIT5KReader(file.rename(tmp_path / "renamed.mat"))
    scipy_io.savemat(tmp_path / "testdata.mat", {"testdata": np.zeros(3)})
    with pytest.raises(AnnotationError, match="testdata has no field ImgName"):
        IIIT5KReader(tmp_path / "testdata.mat")
    nameless = [("", "a", cells(), cells()), ("2.png", "b", cells(), cells())]
    write(tmp_path / "testdata.mat", "testdata", FIELDS, *nameless)
    with pytest.raises(AnnotationError, match="word 1: has no ImgName"):
        IIIT5KReader(tmp_path / "testdata.mat")
    lenient = IIIT5KReader(tmp_path / "testdata.mat", strict=False)
    assert [sample["text"] for sample in lenient] == ["b"]
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(ConfigError, match=r"spotter\[mat\]"):
        IIIT5KReader(tmp_path / "testdata.mat")
