"""Photos as COCO instances (Lin et al., ECCV 2014), with or without the text of the words."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.base import FileReader
from spotter.data.readers.json_files import box_of, checked, flag_of, load_json, text_of
from spotter.data.readers.scene import SceneReader, box_polygon, canonical_polygon, is_photo
from spotter.errors import AnnotationError
from spotter.geometry import polygon_area
from spotter.registry import READERS
from spotter.schema import shown

_TEXT_KEYS = ("utf8_string", "text", "transcription")


@READERS.register_module()
class COCOInstancesReader(FileReader, SceneReader):
    """``{"images": [...], "annotations": [...]}``: the layout of mmdetection and pycocotools.

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
        if not is_photo(path):
            raise AnnotationError(f"{where}: no photo {path}")
        instances = []
        for word in self._words.get(photo["id"], []):
            with self._refusing():
                where = f"{self.file}: annotation {shown(word.get('id'))}"
                instances.append(_instance(checked(word, dict, where), where))
        return {"img_path": str(path), "instances": instances}


def _instance(word: dict[str, Any], where: str) -> dict[str, Any]:
    segmentation, box = word.get("segmentation"), word.get("bbox")
    if isinstance(segmentation, list) and segmentation:
        polygon = max((canonical_polygon(ring, where) for ring in segmentation), key=polygon_area)
    else:
        left, top, width, height = box_of(box, where)
        polygon = canonical_polygon(box_polygon(left, top, left + width, top + height), where)
    texts = [text_of(word.get(key), f"{where}: {key}") for key in _TEXT_KEYS]
    text = next(filter(None, texts), None)
    crowd = flag_of(word.get("iscrowd"), f"{where}: iscrowd")
    ignore = crowd or word.get("legibility") == "illegible" or text == "###"
    return {"polygon": polygon, "text": None if text == "###" else text, "ignore": ignore}
