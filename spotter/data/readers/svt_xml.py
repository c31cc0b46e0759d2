"""Street View Text (Wang et al., ICCV 2011): one XML file with upright boxes and a lexicon each."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.base import Reader
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class SVTXMLReader(Reader):
    """Photos of Street View Text with their boxes ``x, y, width, height`` and words in capitals.

    Every sample also has ``lexicon``, the photo's own word list. Not every word of a photo is
    labelled: of no use to train or to score a detector's precision.

    Args:
        annotation_file: ``train.xml`` or ``test.xml``.
        image_root: Folder that the file's image names start from; ``None``: the file's own.
        indices: See :class:`Reader`.
        start: See :class:`Reader`.
        stop: See :class:`Reader`.

    Raises:
        AnnotationError: The file cannot be read, an entry is incomplete, or a photo is missing.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        indices: Sequence[int] | None = None,
        start: int | None = None,
        stop: int | None = None,
    ) -> None:
        self.file = Path(annotation_file)
        self.image_root = self.file.parent if image_root is None else Path(image_root)
        try:
            self._images = ElementTree.parse(self.file).getroot().findall("image")
        except OSError as error:
            raise AnnotationError(f"{self.file}: cannot be read ({error.strerror})") from None
        except ElementTree.ParseError as error:
            raise AnnotationError(f"{self.file}: not XML ({error})") from None
        super().__init__(indices, start, stop)
        self._samples = {index: self._parse(index) for index in self._selection}

    def _total(self) -> int:
        return len(self._images)

    def _parse(self, index: int) -> dict[str, Any]:
        element = self._images[index]
        name = (element.findtext("imageName") or "").strip()
        where = f"{self.file}: image {index + 1}"
        if not name:
            raise AnnotationError(f"{where}: has no imageName")
        path = self.image_root / name
        if not path.is_file():
            raise AnnotationError(f"{where}: no photo {path}")
        instances = [
            _instance(box, f"{where} ({name}), rectangle {number}")
            for number, box in enumerate(element.iter("taggedRectangle"), start=1)
        ]
        lexicon = [word.strip() for word in (element.findtext("lex") or "").split(",")]
        return {
            "img_path": str(path),
            "instances": instances,
            "lexicon": [word for word in lexicon if word],
        }

    def _read(self, index: int) -> dict[str, Any]:
        stored = self._samples[index]
        copies = [{**item, "polygon": item["polygon"].copy()} for item in stored["instances"]]
        return {**stored, "instances": copies, "lexicon": list(stored["lexicon"])}


def _instance(box: ElementTree.Element, where: str) -> dict[str, Any]:
    try:
        x, y, width, height = (float(box.attrib[key]) for key in ("x", "y", "width", "height"))
    except (KeyError, ValueError):
        raise AnnotationError(f"{where}: needs the numbers x, y, width and height") from None
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    text = (box.findtext("tag") or "").strip()
    return {"polygon": np.array(corners, np.float32), "text": text or None, "ignore": False}
