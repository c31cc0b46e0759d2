"""SCUT-CTW1500 (Liu et al., Pattern Recognition 2019), labels of 2020: XML with text."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.scene import (
    LabelFolderReader,
    canonical_polygon,
    finite_numbers,
    split_ignored,
)
from spotter.data.readers.xml_files import parse_xml
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class CTW1500XMLReader(LabelFolderReader):
    """Photos with an XML file each: a ``box`` per text line with ``label``, ``segs`` and ``pts``.

    ``segs`` holds the polygon as ``x1,y1,...,x14,y14``. Every instance also has
    ``character_centres`` (C, 2) float32, one per character of Latin lines, from the ``pts``; it may
    be empty. The texts ``#`` and ``###`` mark lines to be ignored.

    Arguments are those of :class:`LabelFolderReader`.

    Raises:
        AnnotationError: A file is not XML, an element is incomplete (named by file and line), or a
            photo or folder is missing.
    """

    suffix = ".xml"

    def _instances(self, file: Path) -> list[dict[str, Any]]:
        content = parse_xml(file)
        instances = []
        for box in content.root.iter("box"):
            with self._refusing():
                instances.append(_instance(box, content.where(box)))
        return instances


def _instance(box: ElementTree.Element, where: str) -> dict[str, Any]:
    numbers = finite_numbers((box.findtext("segs") or "").strip().strip(",").split(","))
    if numbers is None or len(numbers) % 2:
        raise AnnotationError(f"{where}: a box needs segs, x1,y1,...,x14,y14")
    text, ignore = split_ignored(box.findtext("label") or "", ("#", "###"))
    centres = [finite_numbers([p.get("x", ""), p.get("y", "")]) for p in box.iter("pts")]
    if None in centres:
        raise AnnotationError(f"{where}: pts need the numbers x and y")
    return {
        "polygon": canonical_polygon(numbers, where),
        "text": text,
        "ignore": ignore,
        "character_centres": np.array(centres, np.float32).reshape(-1, 2),
    }
