"""hOCR and ALTO, against an XML parser."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np

from spotter.io.results.alto import NAMESPACE, to_alto
from spotter.io.results.hocr import to_hocr
from spotter.structures import SpottingResult, TextInstance
from tests.unit.io.results.words import HOSTILE, failed, result, word

XHTML = "{http://www.w3.org/1999/xhtml}"
ALTO = {"a": NAMESPACE}


def of_class(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if element.get("class") == kind]


def properties(element: ElementTree.Element) -> dict[str, str]:
    """The parts of a title, by name."""
    parts = (part.strip().split(" ", 1) for part in (element.get("title") or "").split(";"))
    return {part[0]: part[-1] for part in parts}


def test_hocr_nests_page_area_paragraph_line_word() -> None:
    root = ElementTree.fromstring(result().to_hocr())
    assert root.tag == f"{XHTML}html"
    (page,) = of_class(root, "ocr_page")
    assert properties(page)["image"] == '"photo.png"'
    assert properties(page)["bbox"] == "0 0 400 300"
    areas = of_class(page, "ocr_carea")
    assert [len(of_class(area, "ocr_par")) for area in areas] == [1, 1, 1]
    assert [len(of_class(area, "ocr_line")) for area in areas] == [1, 1, 1]
    assert [[w.text for w in of_class(area, "ocrx_word")] for area in areas] == [
        ["Straße", HOSTILE], ["日本語,x"], ["UP"],
    ]  # fmt: skip
    assert properties(areas[0])["bbox"] == "20 20 170 40"
    first = properties(of_class(page, "ocrx_word")[0])
    assert first == {"bbox": "20 20 100 40", "poly": "20 20 100 20 100 40 20 40", "x_wconf": "72"}
    identities = [element.get("id") for element in page.iter()]
    assert len(set(identities)) == len(identities)


def test_hocr_tells_how_lines_run() -> None:
    # A slope of 10 in 100 pixels downwards: the bottom side starts 10 above the box's bottom.
    sloping = np.array([[100, 230], [200, 240], [198, 260], [98, 250]], np.float32)
    rows = [*result().instances[2:], TextInstance(sloping, "down")]
    lines = of_class(
        ElementTree.fromstring(to_hocr([SpottingResult("x", 400, 300, rows)])), "ocr_line"
    )
    found = {line[0].text: properties(line) for line in lines}
    assert found["UP"]["textangle"] == "90"
    assert found["日本語,x"]["baseline"] == "0 0"
    slope, offset = map(float, found["down"]["baseline"].split())
    assert abs(slope - 0.1) < 0.005
    assert abs(offset + 10) < 0.5
    assert "baseline" not in found["UP"]


def test_documents_hold_pages_and_leave_out_failures() -> None:
    pages = [failed(), replace(result("scan.pdf"), page=2), SpottingResult("empty.png", 9, 8)]
    root = ElementTree.fromstring(to_hocr(pages))
    assert [properties(page)["ppageno"] for page in of_class(root, "ocr_page")] == ["1", "0"]
    root = ElementTree.fromstring(to_alto(pages))
    found = root.findall(".//a:Page", ALTO)
    assert [page.get("PHYSICAL_IMG_NR") for page in found] == ["2", "2"]
    assert [len(page.findall(".//a:String", ALTO)) for page in found] == [4, 0]


def test_alto_nests_page_block_line_string() -> None:
    root = ElementTree.fromstring(result().to_alto())
    assert root.tag == f"{{{NAMESPACE}}}alto"
    assert root.findtext("a:Description/a:MeasurementUnit", None, ALTO) == "pixel"
    assert (
        root.findtext("a:Description/a:sourceImageInformation/a:fileName", None, ALTO)
        == "photo.png"
    )
    blocks = root.findall("a:Layout/a:Page/a:PrintSpace/a:TextBlock", ALTO)
    assert [block.get("ROTATION") for block in blocks] == [None, None, "90"]
    (line,) = blocks[0].findall("a:TextLine", ALTO)
    assert [child.tag.rpartition("}")[2] for child in line] == ["String", "SP", "String"]
    assert line.get("BASELINE") == "20,40 170,40"
    assert blocks[2][0].get("BASELINE") == "320,200 320,100"
    strings = root.findall(".//a:String", ALTO)
    assert [each.get("CONTENT") for each in strings] == ["Straße", HOSTILE, "日本語,x", "UP"]
    assert [each.get("WC") for each in strings] == ["0.72", "0.72", "0.72", "0.25"]
    third = strings[2]
    assert [third.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] == [
        "20.25", "100", "90.5", "20",
    ]  # fmt: skip
    polygon = third.find("a:Shape/a:Polygon", ALTO)
    assert polygon is not None
    assert polygon.get("POINTS") == "20.25,100 110.75,100 110.75,120 20.25,120"


def test_what_xml_cannot_hold() -> None:
    text = "a\x00b\x1b[31m\ud800c\ufffe"
    odd = SpottingResult('n"; bbox 1 2 3 4\x07.png', 40, 30, [word(1, 1, 30, 9, text)])
    expected = "a\ufffdb\ufffd[31m\ufffdc\ufffd"
    (found,) = of_class(ElementTree.fromstring(odd.to_hocr()), "ocrx_word")
    assert found.text == expected
    (string,) = ElementTree.fromstring(odd.to_alto()).findall(".//a:String", ALTO)
    assert string.get("CONTENT") == expected
    for document in (odd.to_hocr(), odd.to_alto()):
        document.encode("utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f]", document)
