"""XML of ``image`` elements with ``taggedRectangle``: ICDAR 2003, 2005 and Street View Text."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from spotter.data.readers.base import FileReader
from spotter.data.readers.scene import (
    SceneReader,
    box_polygon,
    canonical_polygon,
    finite_numbers,
    is_photo,
    split_ignored,
)
from spotter.data.readers.xml_files import parse_xml
from spotter.errors import AnnotationError


class TaggedRectanglesReader(FileReader, SceneReader):
    """Photos whose upright boxes ``x, y, width, height`` and words are in one XML file.

    Arguments are those of :class:`FileReader`.

    Raises:
        AnnotationError: The file cannot be read, an entry is incomplete, or a photo is missing.
    """

    def _load(self) -> None:
        self._content = parse_xml(self.file)
        self._images = self._content.root.findall("image")

    def _total(self) -> int:
        return len(self._images)

    def _parse(self, index: int) -> dict[str, Any]:
        element = self._images[index]
        where = self._content.where(element)
        name = (element.findtext("imageName") or "").strip()
        if not name:
            raise AnnotationError(f"{where}: image {index + 1} has no imageName")
        path = self.image_root / name
        if not is_photo(path):
            raise AnnotationError(f"{where}: no photo {path}")
        instances = []
        for number, box in enumerate(element.iter("taggedRectangle"), start=1):
            with self._refusing():
                where = f"{self._content.where(box)}: {name}, rectangle {number}"
                instances.append(_instance(box, where))
        return {"img_path": str(path), "instances": instances}


def _instance(box: ElementTree.Element, where: str) -> dict[str, Any]:
    numbers = finite_numbers([box.get(key, "") for key in ("x", "y", "width", "height")])
    if numbers is None:
        raise AnnotationError(f"{where}: needs the numbers x, y, width and height")
    left, top, width, height = numbers
    text, ignore = split_ignored(box.findtext("tag") or "")
    polygon = canonical_polygon(box_polygon(left, top, left + width, top + height), where)
    return {"polygon": polygon, "text": text, "ignore": ignore}
