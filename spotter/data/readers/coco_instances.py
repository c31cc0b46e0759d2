"""Photos as COCO instances (Lin et al., ECCV 2014), with or without the text of the words."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.base import FileReader
from spotter.data.readers.json_files import load_json
from spotter.data.readers.scene import SceneReader, box_polygon, canonical_polygon
from spotter.errors import AnnotationError
from spotter.geometry import polygon_area
from spotter.registry import READERS

_TEXT_KEYS = ("utf8_string", "text", "transcription")


@READERS.register_module()
class COCOInstancesReader(FileReader, SceneReader):
    """``{"images": [...], "annotations": [...]}``: the plain layout of mmdetection and pycocotools.

    The outline of a word is its largest ``segmentation`` polygon, or its ``bbox``. Words with
    ``iscrowd``, with ``"legibility": "illegible"`` or the text ``###`` are ignored; the text is
    ``utf8_string``, ``text`` or ``transcription``. COCO-Text's own files, with ``imgs`` and
    ``anns``, have a reader of their own.

    Arguments are those of :class:`FileReader`.

    Raises:
        AnnotationError: The file is not of this layout, or an entry is incomplete.
    """

    def _load(self) -> None:
        content = load_json(self.file)
        try:
            self._photos = list(content["images"])
            self._words: dict[Any, list[dict[str, Any]]] = {}
            for word in content["annotations"]:
                self._words.setdefault(word["image_id"], []).append(word)
        except (KeyError, TypeError):
            raise AnnotationError(
                f"{self.file}: not COCO instances: images, and annotations with an image_id"
            ) from None

    def _total(self) -> int:
        return len(self._photos)

    def _parse(self, index: int) -> dict[str, Any]:
        photo = self._photos[index]
        where = f"{self.file}: image {index + 1}"
        if not isinstance(photo, dict) or "id" not in photo or "file_name" not in photo:
            raise AnnotationError(f"{where}: needs id and file_name")
        path = self.image_root / str(photo["file_name"])
        if not path.is_file():
            raise AnnotationError(f"{where}: no photo {path}")
        instances = []
        for word in self._words.get(photo["id"], []):
            with self._refusing():
                instances.append(_instance(word, f"{self.file}: annotation {word.get('id')}"))
        return {"img_path": str(path), "instances": instances}


def _instance(word: dict[str, Any], where: str) -> dict[str, Any]:
    segmentation, box = word.get("segmentation"), word.get("bbox")
    if isinstance(segmentation, list) and segmentation:
        polygon = max((canonical_polygon(ring, where) for ring in segmentation), key=polygon_area)
    else:
        try:
            left, top, width, height = (float(value) for value in box or ())
        except (TypeError, ValueError):
            raise AnnotationError(f"{where}: has neither polygon nor bbox") from None
        polygon = canonical_polygon(box_polygon(left, top, left + width, top + height), where)
    text = next((str(word[key]) for key in _TEXT_KEYS if word.get(key)), None)
    ignore = bool(word.get("iscrowd")) or word.get("legibility") == "illegible" or text == "###"
    return {"polygon": polygon, "text": None if text == "###" else text, "ignore": ignore}
