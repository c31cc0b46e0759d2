from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation import submissions
from spotter.evaluation.submissions import (
    is_label_archive,
    read_label_archive,
    read_submission,
    write_submission,
)
from spotter.evaluation.words import Refusals

QUAD = "10,20,50,22,50,40,10,38"
CORNERS = [[10, 20], [50, 22], [50, 40], [10, 38]]
BOX = [[10, 20], [50, 20], [50, 40], [10, 40]]


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, content in files.items():
            target.writestr(f"{name}.txt", content)
    return path


def words(path: Path, texts: bool) -> list[tuple]:
    (record,) = read_submission(path, texts).values()
    return [(w["polygon"].tolist(), w["text"], w["score"]) for w in record["instances"]]


@pytest.mark.parametrize(
    ("lines", "texts", "expected"),
    [
        (QUAD, False, (CORNERS, None, 1.0)),
        (f"{QUAD},0.75", False, (CORNERS, None, 0.75)),
        # A detection score need not be a probability.
        (f"{QUAD},37", False, (CORNERS, None, 37.0)),
        (f"{QUAD},Hotel", True, (CORNERS, "Hotel", 1.0)),
        (f"{QUAD},0.75,Hotel", True, (CORNERS, "Hotel", 0.75)),
        (f"{QUAD},42", True, (CORNERS, "42", 1.0)),
        (f"{QUAD},007,5", True, (CORNERS, "007,5", 1.0)),
        # End-to-end submissions are scored for detection, too.
        (f"{QUAD},Hotel", False, (CORNERS, None, 1.0)),
        ("10,20,50,40", False, (BOX, None, 1.0)),
        ("10,20,50,40,0.5", False, (BOX, None, 0.5)),
        ("10,20,50,40,Hotel", True, (BOX, "Hotel", 1.0)),
        (f"{QUAD},5,30,0.5", False, ([*CORNERS, [5, 30]], None, 0.5)),
        (f"{QUAD},5,30", False, ([*CORNERS, [5, 30]], None, 1.0)),
        (f"{QUAD},5,30,####Hotel, Bar", True, ([*CORNERS, [5, 30]], "Hotel, Bar", 1.0)),
        (f"{QUAD},0.5,####Hotel", True, (CORNERS, "Hotel", 0.5)),
        ("10,20,50,22,50,40,####", True, (CORNERS[:3], "", 1.0)),
    ],
)
def test_lines_of_submissions(tmp_path, lines, texts, expected):
    path = archive(tmp_path / "s.zip", res_img_1=lines + "\r\n\n")
    assert words(path, texts) == [expected]


def test_columns_are_decided_for_the_whole_submission(tmp_path):
    # "0.5,off" is a text here, because the other line cannot have a score.
    path = archive(tmp_path / "s.zip", res_img_1=f"{QUAD},0.5,off\n{QUAD},Hotel, Bar")
    assert [text for _, text, _ in words(path, True)] == ["0.5,off", "Hotel, Bar"]


def test_images_are_named_by_their_files(tmp_path):
    path = archive(tmp_path / "s.zip", res_img_10="", res_img_2=QUAD, **{"folder/res_img_1": ""})
    assert list(read_submission(path, False)) == ["img_1", "img_2", "img_10"]
    assert is_label_archive(path)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "res_img_1.txt").write_text("\ufeff" + QUAD, encoding="utf-8")
    assert is_label_archive(folder)
    assert words(folder, False)[0][0] == CORNERS
    assert not is_label_archive(folder / "res_img_1.txt")


def test_ground_truth(tmp_path):
    path = archive(
        tmp_path / "gt.zip",
        gt_img_1=f"{QUAD},Hotel, Bar\n{QUAD},###\n{QUAD},\n{QUAD},12",
        gt_img_2="",
    )
    first, second = read_label_archive(path)
    assert [(w["text"], w["ignore"]) for w in first["instances"]] == [
        ("Hotel, Bar", False),
        (None, True),
        (None, False),
        ("12", False),
    ]
    assert second == {"img_path": "img_2", "instances": []}


@pytest.mark.parametrize(
    "line", ['10, 20, 50, 40, "Say \\"hi\\", 5"', '10 20 50 40 "Say \\"hi\\", 5"']
)
def test_ground_truth_of_icdar2013(tmp_path, line):
    (sample,) = read_label_archive(archive(tmp_path / "gt.zip", gt_img_1=line))
    (word,) = sample["instances"]
    assert word["text"] == 'Say "hi", 5'
    assert word["polygon"].tolist() == BOX


def test_ground_truth_of_polygons(tmp_path):
    lines = f"{QUAD},5,30,####to go\n{QUAD},####\n{QUAD},####a,b\n{QUAD},5,30,#####"
    (sample,) = read_label_archive(archive(tmp_path / "gt.zip", **{"0001001": lines}))
    found = [(len(w["polygon"]), w["text"], w["ignore"]) for w in sample["instances"]]
    assert found == [(5, "to go", False), (4, None, False), (4, "a,b", False), (5, None, True)]


def test_bad_lines_are_named(tmp_path):
    path = archive(tmp_path / "s.zip", res_img_1=f"{QUAD}\n10,20,x,40")
    with pytest.raises(AnnotationError, match=r"s.zip/res_img_1.txt:2: expected coordinates.*x"):
        read_submission(path, False)
    path = archive(tmp_path / "t.zip", res_img_1=f"{QUAD},####a\n10,20,30,40")
    with pytest.raises(AnnotationError, match=r"t.zip/res_img_1.txt:2: not the polygons"):
        read_submission(path, True)
    (tmp_path / "u.zip").write_text("no archive")
    with pytest.raises(AnnotationError, match=r"u\.zip: is not a zip archive"):
        read_submission(tmp_path / "u.zip", False)
    path = archive(tmp_path / "v.zip", gt_img_1="", img_1="")
    with pytest.raises(AnnotationError, match="of one image"):
        read_submission(path, False)


RECORDS = [
    {
        "image": "test/img_2.jpg",
        "instances": [
            {"polygon": np.array(CORNERS, np.float32), "text": "A, b", "score": 0.25},
            {"polygon": [[0, 0], [8, 0], [12, 1], [8, 8], [0, 8]], "text": None, "score": 0.5},
        ],
        "error": None,
    },
    {"image": "img_1.jpg", "instances": [], "error": None},
]


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("texts", [False, True])
def test_what_is_written_is_read_again(tmp_path, texts, scores):
    path = tmp_path / "new" / "s.zip"
    write_submission(RECORDS, path, "quads", texts, scores)
    found = read_submission(path, texts)
    assert list(found) == ["img_1", "img_2"]
    assert found["img_1"]["instances"] == []
    # End to end there is nothing to submit about a word without text.
    assert len(found["img_2"]["instances"]) == (1 if texts else 2)
    first = found["img_2"]["instances"][0]
    assert first["polygon"].tolist() == CORNERS
    assert first["text"] == ("A, b" if texts else None)
    assert first["score"] == (0.25 if scores else 1.0)


def test_outlines_that_are_written(tmp_path):
    path = tmp_path / "s.zip"
    write_submission(RECORDS, path, "polygons", scores=True)
    assert len(read_submission(path, False)["img_2"]["instances"][1]["polygon"]) == 5
    write_submission(RECORDS, path, "polygons", texts=True)
    assert words_of(path, True) == ["A, b"]
    write_submission(RECORDS, path, "quads")
    assert len(read_submission(path, False)["img_2"]["instances"][1]["polygon"]) == 4
    write_submission(RECORDS, path, "boxes")
    assert read_submission(path, False)["img_2"]["instances"][0]["polygon"].tolist() == BOX
    with zipfile.ZipFile(path) as written:
        assert written.read("res_img_2.txt").decode().splitlines()[0] == "10,20,50,40"
    with pytest.raises(ConfigError, match="outline"):
        write_submission(RECORDS, path, "circles")
    with pytest.raises(AnnotationError, match="same name"):
        write_submission([RECORDS[1], {"image": "other/img_1.png"}], path)


def words_of(path: Path, texts: bool) -> list:
    return [w["text"] for r in read_submission(path, texts).values() for w in r["instances"]]


def test_archives_of_strangers(tmp_path, monkeypatch):
    path = archive(tmp_path / "s.zip", res_img_1=f"{QUAD}\n10,20,x,40\n{QUAD}")
    refusals = Refusals(strict=False)
    (record,) = read_submission(path, False, refusals).values()
    assert (len(record["instances"]), len(refusals.lines)) == (2, 1)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(AnnotationError, match="is encrypted"):
        read_submission(path, False)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as target:
        target.writestr("res_img_1.txt", QUAD)
    with pytest.raises(AnnotationError, match="packed by the method lzma"):
        read_submission(path, False)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("res_img_1.txt", bytes(2 << 20))
    monkeypatch.setattr(submissions, "_MAX_BYTES", 1 << 20)
    with pytest.raises(AnnotationError, match="more than the limit of 1048576 bytes"):
        read_submission(path, False)
    archive(path, res_img_1="\n" * 1000)
    monkeypatch.setattr(submissions, "_MAX_LINES", 1000)
    with pytest.raises(AnnotationError, match="more than 1000 lines"):
        read_submission(path, False)
