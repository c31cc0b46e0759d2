"""Canonical JSON lines, and the results of bulk inference, which are nearly the same."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from spotter.data.readers import CanonicalReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.json_photos import words_of

CORNERS = [[0.5, 0], [8, 0], [8, 4], [0.5, 4]]


def write(tmp_path, *records):
    file = tmp_path / "labels.jsonl"
    lines = [item if isinstance(item, str) else json.dumps(item) for item in records]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    return file


def test_photos_and_crops(tmp_path):
    words = [
        {"polygon": CORNERS, "text": "wörd", "ignore": False},
        {"polygon": CORNERS[::-1], "text": "kept", "ignore": True},
        {"polygon": CORNERS, "text": None},
    ]
    records = [
        {"img_path": "images/1.jpg", "width": 9, "height": 5, "instances": words},
        "",
        {"img_path": "images/2.jpg", "instances": []},
        {"img_path": "words/1.png", "text": "", "lexicon": ["a"]},
        {"lmdb_path": "words.lmdb", "key": "image-000000001", "text": "w"},
    ]
    reader = CanonicalReader(write(tmp_path, *records))
    assert len(reader) == 4
    photo = reader[0]
    assert photo["img_path"] == str(tmp_path / "images/1.jpg")
    assert words_of(photo) == [("wörd", False), ("kept", True), (None, False)]
    np.testing.assert_array_equal(photo["instances"][0]["polygon"], np.array(CORNERS, np.float32))
    # The order of a canonical outline has a meaning and is left alone.
    assert photo["instances"][1]["polygon"].tolist() == CORNERS[::-1]
    assert reader[2] == {"img_path": str(tmp_path / "words/1.png"), "text": None, "lexicon": ["a"]}
    assert reader[3]["lmdb_path"] == str(tmp_path / "words.lmdb")
    photo["instances"].clear()
    assert len(pickle.loads(pickle.dumps(reader))[0]["instances"]) == 3
    rooted = CanonicalReader(reader.file, image_root="elsewhere")
    assert rooted[1]["img_path"] == "elsewhere/images/2.jpg"


def test_results_of_bulk_inference(tmp_path):
    word = {"polygon": CORNERS, "text": '"error": 1', "score": 0.5, "detection_score": 0.7}
    records = [
        {"image": "1.jpg", "width": 9, "height": 5, "instances": [word], "error": None},
        {"image": "2.jpg", "instances": [], "error": "2.jpg: no image"},
        {"image": "3.jpg", "width": 9, "height": 5, "instances": [], "error": None},
    ]
    reader = CanonicalReader(write(tmp_path, *records), image_root=tmp_path)
    assert [sample["img_path"] for sample in reader] == [str(tmp_path / f"{n}.jpg") for n in (1, 3)]
    (instance,) = reader[0]["instances"]
    assert (instance["text"], instance["ignore"], instance["score"]) == ('"error": 1', False, 0.5)


def test_pages_that_the_file_does_not_open_with(tmp_path):
    word = {"polygon": CORNERS, "text": "w"}
    records = [
        {"image": "two.tif", "page": 1, "instances": [word], "error": None},
        {"image": "two.tif", "page": 2, "instances": [word], "error": None},
        {"image": "two.tif", "page": 3, "instances": [], "error": "two.tif: damaged"},
        # Of a set whose photos are files of their own.
        {"img_path": "book_2.jpg", "page": 2, "instances": [word]},
    ]
    file = write(tmp_path, *records)
    with pytest.raises(AnnotationError, match=r"labels\.jsonl:2: page 2 of a document"):
        CanonicalReader(file)
    reader = CanonicalReader(file, strict=False)
    assert [Path(sample["img_path"]).name for sample in reader] == ["two.tif", "book_2.jpg"]
    assert len(reader.refusals) == 1


def test_malformed_lines(tmp_path):
    records = [
        {"img_path": "1.jpg", "instances": [{"polygon": CORNERS, "text": "good"}]},
        {"img_path": "1.jpg", "instances": [{"polygon": CORNERS[:2], "text": "two"}]},
        {"instances": []},
        {"lmdb_path": "a"},
        {"img_path": "1.jpg", "text": 5},
        [1],
        '{"img_path": "1.jp',
        {"img_path": "2.jpg", "text": "last"},
    ]
    file = write(tmp_path, *records)
    with pytest.raises(AnnotationError, match=r"labels\.jsonl:2, word 1: "):
        CanonicalReader(file)
    reader = CanonicalReader(file, strict=False)
    assert len(reader) == 2
    assert reader[1]["text"] == "last"
    assert [refusal.split("jsonl:")[1][0] for refusal in reader.refusals] == list("234567")
    unchecked = CanonicalReader(file, check=False)
    assert len(unchecked) == 8
    with pytest.raises(AnnotationError, match=r"labels\.jsonl:7: not JSON.*cut off"):
        unchecked[6]
    assert len(CanonicalReader(write(tmp_path))) == 0
