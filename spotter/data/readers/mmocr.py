"""Photos in the JSON of MMOCR 1.x (``textdet_train.json``, ``textspotting_train.json``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from spotter.data.readers.json_files import box_of, checked, field, flag_of, text_of
from spotter.data.readers.scene import box_polygon, canonical_polygon
from spotter.data.readers.scene_json import Scene, SceneJSONReader, instance
from spotter.errors import AnnotationError
from spotter.registry import READERS

ILLEGIBLE = "###"


@READERS.register_module()
class MMOCRReader(SceneJSONReader):
    """``{"data_list": [{"img_path", "instances": [{"polygon", "bbox", "ignore", "text"}]}]}``.

    Polygons are flat lists; without one the ``bbox`` counts, whose four numbers are two corners.
    Words with ``ignore`` or the text ``###`` are ignored. The ``instances_training.json`` of MMOCR
    0.x is plain COCO: :class:`COCOInstancesReader`.

    Arguments are those of :class:`SceneJSONReader`.

    Raises:
        AnnotationError: The file is not JSON (named by line and column) or not of this layout, an
            entry is incomplete, or a photo is missing.
    """

    def _photos(self, document: Any) -> Iterable[tuple[str, Any]]:
        if isinstance(document, dict) and "data_list" not in document and "images" in document:
            raise AnnotationError(
                f"{self.file}: is COCO, as of MMOCR 0.x; read it with COCOInstancesReader"
            )
        photos = field(document, "data_list", list, str(self.file))
        return ((f"data_list[{number}]", photo) for number, photo in enumerate(photos))

    def _parse(self, entry: Any, where: str) -> Scene:
        name = field(entry, "img_path", str, where)
        words = field(entry, "instances", list, where)
        return self._photo(name, where), self._instances(words, f"{where} ({name})")

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        text = text_of(checked(word, dict, where).get("text"), where)
        ignore = flag_of(word.get("ignore"), f"{where}: ignore") or text == ILLEGIBLE
        return instance(_outline(word, where), text, ignore)


def _outline(word: dict[str, Any], where: str) -> np.ndarray:
    if word.get("polygon"):
        return canonical_polygon(word["polygon"], where)
    return canonical_polygon(box_polygon(*box_of(word.get("bbox"), where)), where)
