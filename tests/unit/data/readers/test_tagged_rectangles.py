"""ICDAR 2003 / 2005 XML, and what it shares with Street View Text."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.data.readers import ICDAR2003XMLReader, SVTXMLReader
from spotter.errors import AnnotationError
from tests.unit.data.readers.label_folders import write_photos

WORDS = """<?xml version="1.0" encoding="utf-8"?>
<tagset>
  <image>
    <imageName>apanar/IMG_1261.JPG</imageName>
    <resolution x="1600" y="1200" />
    <taggedRectangles>
      <taggedRectangle x="174.0" y="392.5" width="274.0" height="195.0" offset="-7.0" \
rotation="0.0" userName="admin">
        <tag>R&amp;D, &#163;5</tag>
        <segmentation><xOff>12.0</xOff><xOff>40.0</xOff></segmentation>
      </taggedRectangle>
      <taggedRectangle x="5" y="6" width="7" height="8" offset="0.0" rotation="0.0">
        <tag>*</tag>
      </taggedRectangle>
      <taggedRectangle x="5" y="6" width="7" height="8" />
    </taggedRectangles>
  </image>
  <image>
    <imageName>apanar/IMG_1262.JPG</imageName>
    <taggedRectangles></taggedRectangles>
  </image>
</tagset>
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "words.xml").write_text(WORDS, encoding="utf-8")
    return write_photos(tmp_path, "apanar/IMG_1261.JPG", "apanar/IMG_1262.JPG")


def test_icdar2003(root: Path) -> None:
    sample, empty = ICDAR2003XMLReader(root / "words.xml")
    assert sample["img_path"] == str(root / "apanar/IMG_1261.JPG")
    assert [word["text"] for word in sample["instances"]] == ["R&D, \u00a35", "*", None]
    corners = [[174, 392.5], [448, 392.5], [448, 587.5], [174, 587.5]]
    assert sample["instances"][0]["polygon"].tolist() == corners
    assert not any(word["ignore"] for word in sample["instances"])
    assert empty["instances"] == []
    assert "lexicon" not in empty


def test_refusals_name_lines(root: Path) -> None:
    file = root / "words.xml"
    broken = WORDS.replace('width="7"', "", 1).replace("IMG_1262", "IMG_1263")
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"words\.xml:11: apanar/IMG_1261\.JPG, rectangle 2"):
        ICDAR2003XMLReader(file)
    reader = ICDAR2003XMLReader(file, strict=False)
    assert [word["text"] for word in reader[0]["instances"]] == ["R&D, \u00a35", None]
    assert len(reader) == 1
    first, second = reader.refusals
    assert first.startswith(f"{file}:11: ")
    assert second == f"{file}:17: no photo {root / 'apanar/IMG_1263.JPG'}"


def test_street_view_text_has_lexicons(root: Path) -> None:
    file = root / "test.xml"
    file.write_text(WORDS.replace("<taggedRectangles>", "<lex>A B,,C </lex><taggedRectangles>"))
    reader = SVTXMLReader(file, image_root=root)
    assert [sample["lexicon"] for sample in reader] == [["A B", "C"], ["A B", "C"]]
    reader[0]["lexicon"].clear()
    assert reader[0]["lexicon"] == ["A B", "C"]
