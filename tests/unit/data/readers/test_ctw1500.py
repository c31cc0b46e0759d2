"""SCUT-CTW1500 in its three layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spotter.data.readers import CTW1500OffsetReader, CTW1500TextReader, CTW1500XMLReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.label_folders import write_labels, write_photos

# Seven vertices of the top side from the left, seven of the bottom side from the right.
XS = [0, 20, 40, 60, 80, 100, 120]
TOP = [[x, 30 - x * (120 - x) // 180] for x in XS]
BOTTOM = [[x, y + 25] for x, y in reversed(TOP)]
CURVE = TOP + BOTTOM
FLAT = ",".join(str(value) for point in CURVE for value in point)


def shifted(dx: int, dy: int) -> list[list[int]]:
    return [[x + dx, y + dy] for x, y in CURVE]


def test_offsets(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "text_image", "1001.jpg", "1002.jpg")
    labels = {"1001.txt": f"200,300,320,360,{FLAT}\r\n7,8,127,68,{FLAT}\r\n", "1002.txt": ""}
    first, second = CTW1500OffsetReader(write_labels(tmp_path / "curve", labels), photos)
    assert [line["polygon"].tolist() for line in first["instances"]] == [
        shifted(200, 300),
        shifted(7, 8),
    ]
    assert {(line["text"], line["ignore"]) for line in first["instances"]} == {(None, False)}
    assert second["instances"] == []
    (tmp_path / "curve/1002.txt").write_text(f"200,300,320,360,{FLAT},9\n")
    with pytest.raises(AnnotationError, match=r"1002\.txt:1: expected 32 numbers"):
        CTW1500OffsetReader(tmp_path / "curve", photos)


def test_text(tmp_path: Path) -> None:
    backwards = ",".join(str(value) for point in reversed(CURVE) for value in point)
    photos = write_photos(tmp_path / "images", "1001.jpg")
    lines = (
        f"\ufeff{FLAT},####Latin 9, caf\u00e9 #1\r\n{FLAT},#######\r\n{FLAT},####*\r\n"
        f"{backwards},####.\r\n{FLAT},####\r\n0,0,8,0,8,4,0,4,####quad\r\n"
    )
    (sample,) = CTW1500TextReader(write_labels(tmp_path / "gt", {"0001001.txt": lines}), photos)
    assert Path(sample["img_path"]).name == "1001.jpg"
    found = sample["instances"]
    assert [line["text"] for line in found] == [
        "Latin 9, caf\u00e9 #1", None, "*", ".", None, "quad"
    ]  # fmt: skip
    assert [line["ignore"] for line in found] == [False, True] + 4 * [False]
    assert [line["polygon"].tolist() for line in found[:5]] == 5 * [CURVE]


@pytest.mark.parametrize("line", [f"{FLAT},text", f"{FLAT},7,####text", f"a,{FLAT},####text"])
def test_malformed_text(tmp_path: Path, line: str) -> None:
    photos = write_photos(tmp_path / "images", "1001.jpg")
    labels = write_labels(tmp_path / "gt", {"0001001.txt": f"{FLAT},####ok\n{line}\n"})
    with pytest.raises(AnnotationError, match=r"0001001\.txt:2: expected .*####text"):
        CTW1500TextReader(labels, photos)


XML = f"""<?xml version="1.0" encoding="utf-8"?>
<Annotations>
  <image file="0200.jpg">
    <box height="60" left="0" top="0" width="120">
      <label>R&amp;D, caf\u00e9</label>
      <segs>{FLAT}</segs>
      <pts x="10" y="40" />
      <pts x="110" y="40.5" />
    </box>
    <box height="60" left="0" top="0" width="120">
      <label>###</label>
      <segs>{FLAT}</segs>
    </box>
    <box height="60" left="0" top="0" width="120">
      <label></label>
      <segs>{FLAT},</segs>
    </box>
  </image>
</Annotations>
"""


def test_xml(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "images", "0200.jpg", "0201.jpg")
    empty = '<Annotations><image file="0201.jpg"></image></Annotations>'
    labels = write_labels(tmp_path / "xml", {"0200.xml": XML, "0201.xml": empty})
    sample, blank = CTW1500XMLReader(labels, photos)
    assert blank["instances"] == []
    found = sample["instances"]
    assert [line["text"] for line in found] == ["R&D, caf\u00e9", None, None]
    assert [line["ignore"] for line in found] == [False, True, False]
    assert [line["polygon"].tolist() for line in found] == 3 * [CURVE]
    np.testing.assert_array_equal(found[0]["character_centres"], [[10, 40], [110, 40.5]])
    assert found[1]["character_centres"].shape == (0, 2)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (f"<segs>{FLAT}</segs>", "", ":4: a box needs segs"),
        (f"<segs>{FLAT}</segs>", "<segs>1,2,3</segs>", ":4: a box needs segs"),
        ('x="10"', 'x="ten"', ":4: pts need"),
        ("</image>", "", ":19: not XML"),
    ],
)
def test_malformed_xml(tmp_path: Path, old: str, new: str, reason: str) -> None:
    photos = write_photos(tmp_path / "images", "0200.jpg")
    labels = write_labels(tmp_path / "xml", {"0200.xml": XML.replace(old, new, 1)})
    with pytest.raises(AnnotationError, match=rf"0200\.xml{reason}"):
        CTW1500XMLReader(labels, photos)


def test_xml_in_an_encoding_that_it_does_not_declare(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "images", "0200.jpg")
    labels = write_labels(tmp_path / "xml", {"0200.xml": XML.encode("latin-1")})
    with pytest.raises(AnnotationError, match=r"0200\.xml:5: not XML .*encoding"):
        CTW1500XMLReader(labels, photos)
    declared = XML.replace("utf-8", "iso-8859-1").encode("latin-1")
    write_labels(tmp_path / "xml", {"0200.xml": declared})
    (sample,) = CTW1500XMLReader(labels, photos)
    assert sample["instances"][0]["text"] == "R&D, caf\u00e9"
    write_labels(tmp_path / "xml", {"0200.xml": XML.replace("utf-8", "gbk").encode("gbk")})
    with pytest.raises(AnnotationError, match=r"0200\.xml: not read .*save it as UTF-8"):
        CTW1500XMLReader(labels, photos)
