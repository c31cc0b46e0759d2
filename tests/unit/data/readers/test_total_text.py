"""Total-Text as text and as MATLAB files: the same words from both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from spotter.data.readers import TotalTextLinesReader, TotalTextMatReader, TotalTextReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.label_folders import write_labels, write_photos

CURVED = [[206, 633], [386, 931], [620, 926], [646, 976], [358, 989], [140, 629]]
TEXT = """x: [[206 140 358 646 620 386]], y: [[633 629 989 976 926 931]], ornt: [u'c'], \
transcriptions: [u'PETROSAINS']
x: [[115 503
  494 115]], y: [[322 346
 426 404]] ornt: [u'm'] transcriptions: [u"DON'T, [OK]"]
x: [[ 10. 20. 20. 10.]], y: [[ 1. 1. 5. 5.]], ornt: [u'#'], transcriptions: [u'#']\r
x: [[10 20 20 10]], y: [[1 1 5 5]], ornt: [u'h'], transcriptions: [u'caf\\xe9 \\u2019']

x: [[10 20 20 10]], y: [[1 1 5 5]], ornt: ['h'], transcriptions: [u'JOE'S']
x: [[7]], y: [[8]], ornt: [u'#'], transcriptions: [u'#']
x: [[10 20 20 20 10]], y: [[1 1 5 5 5]], ornt: [], transcriptions: []
"""
ORIENTATIONS = ["c", "m", "#", "h", "h", ""]
TEXTS = ["PETROSAINS", "DON'T, [OK]", None, "caf\u00e9 \u2019", "JOE'S", None]


def test_text(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "images", "img11.jpg", "img2.jpg")
    labels = {"poly_gt_img11.txt": "\ufeff" + TEXT, "poly_gt_img2.txt": ""}
    empty, sample = TotalTextReader(write_labels(tmp_path / "gt", labels), photos)
    assert empty["instances"] == []
    words = sample["instances"]
    assert [word["orientation"] for word in words] == ORIENTATIONS
    assert [word["text"] for word in words] == TEXTS
    assert [word["ignore"] for word in words] == [False, False, True, False, False, False]
    # Given counter-clockwise from the first character's top left.
    assert words[0]["polygon"].tolist() == CURVED
    assert words[1]["polygon"].tolist() == [[115, 322], [503, 346], [494, 426], [115, 404]]
    # A point given twice.
    assert words[5]["polygon"].tolist() == [[10, 1], [20, 1], [20, 5], [10, 5]]


@pytest.mark.parametrize(
    ("record", "line", "reason"),
    [
        ("x: [[1 9 9 1]], y: [[1 1 5]], ornt: [u'h'], transcriptions: [u'a']", 3, "4 and 3"),
        ("x: [[1 9 b 1]], y: [[1 1 5 5]], ornt: [u'h'], transcriptions: [u'a']", 3, "expected x:"),
        ("x: [[1 9 9\n 1]], ornt: [u'h'], transcriptions: [u'a']", 3, "expected x:"),
        ("x: [[1 9 9]], y: [[1 1 5]], ornt: [u'h'], transcriptions: [u'a']", 3, "4 points"),
        ("x: [[3]], y: [[4]], ornt: [u'h'], transcriptions: [u'a']", 3, "points"),
    ],
)
def test_malformed_records(tmp_path: Path, record: str, line: int, reason: str) -> None:
    first = "x: [[10 20\n 20 10]], y: [[1 1 5 5]], ornt: [u'h'], transcriptions: [u'ok']"
    photos = write_photos(tmp_path / "images", "img1.jpg")
    content = f"{first}\n{record}\n{first}\n"
    labels = write_labels(tmp_path / "gt", {"poly_gt_img1.txt": content})
    with pytest.raises(AnnotationError, match=rf"poly_gt_img1\.txt:{line}: .*{reason}"):
        TotalTextReader(labels, photos)
    reader = TotalTextReader(labels, photos, strict=False)
    assert [word["text"] for word in reader[0]["instances"]] == ["ok", "ok"]
    assert len(reader.refusals) == 1


ROWS: list[tuple[Any, ...]] = [
    ([206, 140, 358, 646, 620, 386], [633, 629, 989, 976, 926, 931], "PETROSAINS", "c"),
    ([115, 503, 494, 115], [322, 346, 426, 404], "DON'T, [OK]", "m"),
    ([10, 20, 20, 10], [1, 1, 5, 5], "unread", "#"),
    ([10, 20, 20, 10], [1, 1, 5, 5], "caf\u00e9 \u2019", "h"),
    ([7], [8], "#", "#"),
    ([10, 20, 20, 10], [1, 1, 5, 5], "#", "h"),
    ([10, 20, 20, 10], [1, 1, 5, 5], "", "h"),
]


def cell_array(rows: list[tuple[Any, ...]]) -> np.ndarray:
    """MATLAB's cells: x:, x coordinates, y:, y coordinates, text, orientation."""
    cells = np.empty((len(rows), 6), object)
    for number, (xs, ys, text, orientation) in enumerate(rows):
        values = ("x:", np.array([xs], np.int16), "y:", np.array([ys], np.int16), text, orientation)
        cells[number] = values
    return cells


def struct_array(rows: list[tuple[Any, ...]]) -> np.ndarray:
    kinds = [(name, object) for name in ("x", "y", "text", "ornt")]
    return np.array([(np.array([xs]), np.array([ys]), *rest) for xs, ys, *rest in rows], kinds)


@pytest.mark.parametrize(
    ("name", "content"),
    [("polygt", cell_array(ROWS)), ("gt", cell_array(ROWS)), ("polygt", struct_array(ROWS))],
    ids=["polygt", "gt", "struct"],
)
def test_matlab(tmp_path: Path, name: str, content: np.ndarray) -> None:
    photos = write_photos(tmp_path / "images", "img11.jpg", "img2.jpg")
    (tmp_path / "gt").mkdir()
    savemat(tmp_path / "gt/poly_gt_img11.mat", {name: content})
    savemat(tmp_path / "gt/poly_gt_img2.mat", {name: np.empty((0, 6), object)})
    empty, sample = TotalTextMatReader(tmp_path / "gt", photos)
    assert empty["instances"] == []
    words = sample["instances"]
    assert [word["text"] for word in words] == [*TEXTS[:4], None, None]
    assert [word["ignore"] for word in words] == [False, False, True, False, True, False]
    assert [word["orientation"] for word in words] == ["c", "m", "#", "h", "h", "h"]
    assert words[0]["polygon"].tolist() == CURVED
    assert words[0]["polygon"].dtype == np.float32


def test_malformed_rows(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "images", "img1.jpg")
    (tmp_path / "gt").mkdir()
    file = tmp_path / "gt/poly_gt_img1.mat"
    savemat(file, {"polygt": cell_array([*ROWS[:2], ([1, 9, 9, 1], [1, 1, 5], "a", "h")])})
    with pytest.raises(AnnotationError, match=r"poly_gt_img1\.mat: row 3: .*4 and 3"):
        TotalTextMatReader(tmp_path / "gt", photos)
    reader = TotalTextMatReader(tmp_path / "gt", photos, strict=False)
    assert len(reader[0]["instances"]) == 2
    savemat(file, {"polygt": np.ones((3, 4))})
    with pytest.raises(AnnotationError, match="cell array of 6 columns"):
        TotalTextMatReader(tmp_path / "gt", photos)
    savemat(file, {"boxes": np.ones((3, 4))})
    with pytest.raises(AnnotationError, match="has no variable gt or polygt"):
        TotalTextMatReader(tmp_path / "gt", photos)


def test_lines(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "images", "img11.jpg")
    rows = (
        "206,633,140,629,358,989,646,976,620,926,386,931\tc\tPETROSAINS",
        "10,1,20,1,20,5,10,5\th\tJOE'S\tBAR",
        "10,1,20,1,20,5,10,5\t#\tseen",
        "10,1,20,1,20,5,10,5\th\t###",
    )
    labels = write_labels(tmp_path / "gt", {"poly_gt_img11.txt": "\n".join(rows)})
    (sample,) = TotalTextLinesReader(labels, photos)
    words = sample["instances"]
    assert words[0]["polygon"].tolist() == CURVED
    assert [word["orientation"] for word in words] == ["c", "h", "#", "h"]
    assert [word["text"] for word in words] == ["PETROSAINS", "JOE'S\tBAR", None, None]
    assert [word["ignore"] for word in words] == [False, False, True, True]


@pytest.mark.parametrize(
    "line", ["1,2,3\th\ta", "1,2,3,4,5,6,7,8\ta", "1,2,x,4,5,6,7,8\th\ta", "3,4\t#\t###"]
)
def test_malformed_lines(tmp_path: Path, line: str) -> None:
    photos = write_photos(tmp_path / "images", "img11.jpg")
    labels = write_labels(tmp_path / "gt", {"poly_gt_img11.txt": line})
    with pytest.raises(AnnotationError, match=r"poly_gt_img11.txt:1: .*(expected|points)"):
        TotalTextLinesReader(labels, photos)
