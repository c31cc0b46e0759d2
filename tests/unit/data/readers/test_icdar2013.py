"""ICDAR2013: boxes with spaces or commas, quoted texts, and the end-to-end quadrilaterals."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.data.readers import ICDAR2013Reader
from spotter.errors import AnnotationError
from tests.unit.data.readers.label_folders import write_labels, write_photos

TRAINING = """158 128 411 181 "Footpath"
443 128 501 169 "To"
64 200 363 243 "a, b"
1 2 3 4 "READER\\""
5 6 7 8 "back\\\\slash"
"""
TEST = """38, 43, 920, 215, "Tiredness"\r
275, 264, 665, 450, "kills,"\r
0, 0, 4, 2, "###"\r
0, 0, 4, 2, ""\r
0, 0, 4, 2\r
0, 0, 4, 2, "*"\r
0, 0, 4, 2, "."\r
0, 0, 4, 2, "1,2,3,4"\r
"""
END_TO_END = '\ufeff10,20,60,22,60,40,10,38,R&D, "50"\n0,0,0,9,9,9,9,0,###\n'


def read(tmp_path: Path, **files: str | bytes) -> list[dict]:
    write_photos(tmp_path / "images", *(f"{name}.jpg" for name in files))
    labels = {f"gt_{name}.txt": content for name, content in files.items()}
    return list(ICDAR2013Reader(write_labels(tmp_path / "gt", labels), tmp_path / "images"))


def test_training_files(tmp_path: Path) -> None:
    sample, empty = read(tmp_path, **{"100": TRAINING, "101": ""})
    assert Path(sample["img_path"]).name == "100.jpg"
    words = sample["instances"]
    expected = ["Footpath", "To", "a, b", 'READER"', "back\\slash"]
    assert [word["text"] for word in words] == expected
    corners = [[158, 128], [411, 128], [411, 181], [158, 181]]
    assert words[0]["polygon"].tolist() == corners
    assert not any(word["ignore"] for word in words)
    assert empty["instances"] == []


def test_test_files(tmp_path: Path) -> None:
    (sample,) = read(tmp_path, img_1="\ufeff" + TEST)
    words = sample["instances"]
    expected = ["Tiredness", "kills,", None, None, None, "*", ".", "1,2,3,4"]
    assert [word["text"] for word in words] == expected
    assert [word["ignore"] for word in words] == [False, False, True] + 5 * [False]
    assert words[0]["polygon"].tolist() == [[38, 43], [920, 43], [920, 215], [38, 215]]


def test_end_to_end_files(tmp_path: Path) -> None:
    (sample,) = read(tmp_path, img_1=END_TO_END)
    word, illegible = sample["instances"]
    # These texts are not quoted: their quotes are the word's own.
    assert word["text"] == 'R&D, "50"'
    assert word["polygon"].tolist() == [[10, 20], [60, 22], [60, 40], [10, 38]]
    assert (illegible["text"], illegible["ignore"]) == (None, True)
    # Given counter-clockwise from the top left.
    assert illegible["polygon"].tolist() == [[0, 0], [9, 0], [9, 9], [0, 9]]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('1, 2, 3, "word"', "expected x1, y1, x2, y2"),
        ('1 2 3 nan "word"', "expected x1, y1, x2, y2"),
        ("word", "expected x1, y1, x2, y2"),
        ('5, 5, 5, 9, "word"', "no area"),
    ],
)
def test_malformed_lines(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"gt_img_1\.txt:3: .*{reason}"):
        read(tmp_path, img_1=f'0, 0, 4, 2, "a"\n\n{line}\n')


def test_other_encodings_and_missing_photos(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"gt_1\.txt:2: not UTF-8 .*Latin-1"):
        read(tmp_path, **{"1": b'0, 0, 4, 2, "a"\n0, 0, 4, 2, "caf\xe9"\n'})
    with pytest.raises(AnnotationError, match=r"gt_1\.txt: no photo 1\.\*"):
        ICDAR2013Reader(tmp_path / "gt", write_photos(tmp_path / "other", "2.jpg"))
    with pytest.raises(AnnotationError, match=r"holds no res_\*\.txt"):
        ICDAR2013Reader(tmp_path / "gt", tmp_path / "images", prefix="res_")
