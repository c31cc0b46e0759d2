"""ICDAR2017-MLT and ICDAR2019-MLT: quadrilaterals with language."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.data.readers import ICDARMLTReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.label_folders import write_labels, write_photos

SQUARE = "0,0,8,0,8,4,0,4"
LINES = (
    f"\ufeff{SQUARE},Latin,Z\u00fcrich\r\n"
    f"{SQUARE},Arabic,\u0645\u0631\u062d\u0628\u0627\r\n"
    f"{SQUARE},Chinese,\u4f60,\u597d,\r\n"
    f"{SQUARE},None,###\r\n"
    f"{SQUARE},Symbols,*\r\n"
    "8,4,8,0,0,0,0,4,Latin,upside down\r\n"
    f"{SQUARE},Latin,\r\n"
)


def test_2017(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "images", "img_1.jpg", "img_2.png", "img_10.gif")
    labels = {"gt_img_1.txt": LINES, "gt_img_10.txt": "", "gt_img_2.txt": ""}
    first, *empty = ICDARMLTReader(write_labels(tmp_path / "gt", labels), photos)
    assert [Path(sample["img_path"]).name for sample in empty] == ["img_2.png", "img_10.gif"]
    assert [sample["instances"] for sample in empty] == [[], []]
    words = first["instances"]
    texts = ["Z\u00fcrich", "\u0645\u0631\u062d\u0628\u0627", "\u4f60,\u597d,", None, "*"]
    assert [word["text"] for word in words] == [*texts, "upside down", None]
    languages = ["Latin", "Arabic", "Chinese", "None", "Symbols", "Latin", "Latin"]
    assert [word["language"] for word in words] == languages
    assert [word["ignore"] for word in words] == [False, False, False, True] + 3 * [False]
    # Counter-clockwise from its own top left, which is at the bottom right.
    assert words[5]["polygon"].tolist() == [[8, 4], [0, 4], [0, 0], [8, 0]]


def test_2019_has_no_prefix(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "images", "tr_img_00001.jpg")
    labels = write_labels(tmp_path / "gt", {"tr_img_00001.txt": f"{SQUARE},Hindi,\u0928\u092e\n"})
    (sample,) = ICDARMLTReader(labels, photos, prefix="")
    assert sample["instances"][0]["language"] == "Hindi"


@pytest.mark.parametrize("line", [f"{SQUARE},Latin", f"{SQUARE[:-2]},Latin,word", "a,b"])
def test_malformed_lines(tmp_path: Path, line: str) -> None:
    photos = write_photos(tmp_path / "images", "img_1.jpg")
    labels = write_labels(tmp_path / "gt", {"gt_img_1.txt": f"{SQUARE},Latin,ok\n{line}\n"})
    with pytest.raises(AnnotationError, match=r"gt_img_1\.txt:2: .*language,text"):
        ICDARMLTReader(labels, photos)
    reader = ICDARMLTReader(labels, photos, strict=False)
    assert [word["text"] for word in reader[0]["instances"]] == ["ok"]
    assert len(reader.refusals) == 1
