"""hOCR 1.2 (Breuel, ICDAR 2007): XHTML with boxes, scores and angles in the ``title``s."""

from __future__ import annotations

import math
from collections.abc import Iterable
from xml.etree import ElementTree

import numpy as np

from spotter.io.results.parts import (
    Box,
    bounds,
    bounds_of_all,
    clean_name,
    clean_text,
    four_corners,
    readable,
    reading_angle,
)
from spotter.structures import Paragraph, SpottingResult, TextInstance, TextLine

_XHTML = "http://www.w3.org/1999/xhtml"
_DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
    ' "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)
_CAPABILITIES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_poly ocrp_wconf"


def to_hocr(results: Iterable[SpottingResult]) -> str:
    """One document with an ``ocr_page`` for each photo or page that could be read.

    A page has ``ocr_carea``, ``ocr_par`` (one in each), ``ocr_line`` and ``ocrx_word``, all with
    their ``bbox`` in whole pixels. A word has ``poly`` (its outline) and ``x_wconf`` (its score in
    percent). A line within 45 degrees of upright has a ``baseline`` (slope, and height over the
    bottom left corner of its box), any other a ``textangle`` (degrees, counterclockwise).
    """
    root = ElementTree.Element("html", {"xmlns": _XHTML, "xml:lang": "und", "lang": "und"})
    head = ElementTree.SubElement(root, "head")
    ElementTree.SubElement(head, "title").text = "Text of photos"
    for name, content in (("ocr-system", "spotter"), ("ocr-capabilities", _CAPABILITIES)):
        ElementTree.SubElement(head, "meta", {"name": name, "content": content})
    body = ElementTree.SubElement(root, "body")
    for number, result in enumerate(readable(results), start=1):
        _add_page(body, number, result)
    ElementTree.indent(root, " ")
    document = ElementTree.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_DOCTYPE}\n{document}\n'


def _add_page(body: ElementTree.Element, number: int, result: SpottingResult) -> None:
    name = clean_name(result.image).replace('"', "%22")
    page = result.page or 1
    title = (
        f'image "{name}"; bbox 0 0 {result.width} {result.height}; ppageno {page - 1};'
        f" x_source {name.replace(';', '%3B')}"
    )
    element = _add(body, "div", "ocr_page", f"page_{number}", title)
    for index, paragraph in enumerate(result.paragraphs, start=1):
        _add_paragraph(element, f"{number}_{index}", paragraph)


def _add_paragraph(page: ElementTree.Element, key: str, paragraph: Paragraph) -> None:
    words = [word for line in paragraph.lines for word in line.words]
    title = _bbox(bounds_of_all(word.polygon for word in words))
    area = _add(page, "div", "ocr_carea", f"block_{key}", title)
    element = _add(area, "p", "ocr_par", f"par_{key}", title)
    for index, line in enumerate(paragraph.lines, start=1):
        box = bounds_of_all(word.polygon for word in line.words)
        title = f"{_bbox(box)}; {_direction(line, box)}"
        span = _add(element, "span", "ocr_line", f"line_{key}_{index}", title)
        for position, word in enumerate(line.words, start=1):
            _add_word(span, f"word_{key}_{index}_{position}", word)


def _add_word(line: ElementTree.Element, key: str, word: TextInstance) -> None:
    outline = " ".join(str(round(float(value))) for value in np.ravel(word.polygon))
    confidence = round(100 * word.score)
    title = f"{_bbox(bounds(word.polygon))}; poly {outline}; x_wconf {confidence}"
    _add(line, "span", "ocrx_word", key, title).text = clean_text(word.text)


def _add(
    parent: ElementTree.Element, tag: str, kind: str, key: str, title: str
) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, {"class": kind, "id": key, "title": title})


def _bbox(box: Box) -> str:
    left, top, right, bottom = box
    return f"bbox {round(left)} {round(top)} {round(right)} {round(bottom)}"


def _direction(line: TextLine, box: Box) -> str:
    """The ``baseline`` or the ``textangle`` of a line."""
    corners = four_corners(line.polygon)
    angle = reading_angle(corners)
    if abs(angle) > 45:
        return f"textangle {round(-angle % 360, 1):g}"
    slope = math.tan(math.radians(angle))
    # The bottom side at the left edge of the box, over the box's bottom; up is negative.
    x, y = corners[3]
    offset = float(y) + slope * (box[0] - float(x)) - box[3]
    return f"baseline {round(slope, 4) + 0.0:g} {round(offset, 1) + 0.0:g}"
