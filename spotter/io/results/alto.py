"""ALTO 4 (Library of Congress): the XML of libraries for the layout of pages and their words."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

import numpy as np

from spotter.io.results.parts import (
    bounds,
    bounds_of_all,
    clean_name,
    clean_text,
    four_corners,
    number,
    readable,
    reading_angle,
)
from spotter.structures import Paragraph, SpottingResult, TextInstance, TextLine

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def to_alto(results: Iterable[SpottingResult]) -> str:
    """One document with a ``Page`` for each photo or page that could be read.

    Coordinates are pixels. A paragraph is a ``TextBlock``, whose ``ROTATION`` (degrees,
    counterclockwise) is that of its first line where this is turned by more than 45 degrees; a
    ``TextLine`` has its ``BASELINE`` as points; a ``String`` has its text, ``WC`` (its score in 0
    to 1) and its outline as ``Shape``.
    """
    pages = readable(results)
    location = {"xmlns:xsi": _INSTANCE, "xsi:schemaLocation": f"{NAMESPACE} {_SCHEMA}"}
    root = ElementTree.Element("alto", {"xmlns": NAMESPACE, **location})
    description = ElementTree.SubElement(root, "Description")
    ElementTree.SubElement(description, "MeasurementUnit").text = "pixel"
    if pages:
        source = ElementTree.SubElement(description, "sourceImageInformation")
        ElementTree.SubElement(source, "fileName").text = clean_name(pages[0].image)
    processing = ElementTree.SubElement(description, "Processing", {"ID": "processing_1"})
    software = ElementTree.SubElement(processing, "processingSoftware")
    ElementTree.SubElement(software, "softwareName").text = "spotter"
    layout = ElementTree.SubElement(root, "Layout")
    for position, result in enumerate(pages, start=1):
        _add_page(layout, position, result)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _add_page(layout: ElementTree.Element, position: int, result: SpottingResult) -> None:
    size = {"WIDTH": str(result.width), "HEIGHT": str(result.height)}
    identity = {"ID": f"page_{position}", "PHYSICAL_IMG_NR": str(result.page or position)}
    page = ElementTree.SubElement(layout, "Page", {**identity, **size})
    space = ElementTree.SubElement(page, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    for index, paragraph in enumerate(result.paragraphs, start=1):
        _add_block(space, f"{position}_{index}", paragraph)


def _add_block(space: ElementTree.Element, key: str, paragraph: Paragraph) -> None:
    outlines = [word.polygon for line in paragraph.lines for word in line.words]
    attributes = {"ID": f"block_{key}", **_place(outlines)}
    angle = reading_angle(four_corners(paragraph.lines[0].polygon))
    if abs(angle) > 45:
        attributes["ROTATION"] = f"{round(-angle % 360, 1):g}"
    block = ElementTree.SubElement(space, "TextBlock", attributes)
    for index, line in enumerate(paragraph.lines, start=1):
        _add_line(block, f"{key}_{index}", line)


def _add_line(block: ElementTree.Element, key: str, line: TextLine) -> None:
    baseline = four_corners(line.polygon)[[3, 2]]
    place = _place([word.polygon for word in line.words])
    attributes = {"ID": f"line_{key}", **place, "BASELINE": _points(baseline)}
    element = ElementTree.SubElement(block, "TextLine", attributes)
    for index, word in enumerate(line.words):
        if index:
            ElementTree.SubElement(element, "SP")
        _add_word(element, f"word_{key}_{index + 1}", word)


def _add_word(line: ElementTree.Element, key: str, word: TextInstance) -> None:
    said = {"CONTENT": clean_text(word.text), "WC": f"{min(max(round(word.score, 4), 0), 1):g}"}
    element = ElementTree.SubElement(line, "String", {"ID": key, **_place([word.polygon]), **said})
    shape = ElementTree.SubElement(element, "Shape")
    ElementTree.SubElement(shape, "Polygon", {"POINTS": _points(word.polygon)})


def _place(outlines: list[np.ndarray]) -> dict[str, str]:
    left, top, right, bottom = (
        bounds(outlines[0]) if len(outlines) == 1 else bounds_of_all(outlines)
    )
    values = (left, top, right - left, bottom - top)
    names = ("HPOS", "VPOS", "WIDTH", "HEIGHT")
    return {name: str(number(value)) for name, value in zip(names, values, strict=True)}


def _points(polygon: np.ndarray) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in polygon)
