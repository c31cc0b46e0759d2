"""COCO-Text (Veit et al., 2016), versions 1.4 and 2: words of the photos of COCO 2014."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.json_files import box_of, field, text_of
from spotter.data.readers.scene import box_polygon, canonical_polygon
from spotter.data.readers.scene_json import Scene, SceneJSONReader, instance
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class COCOTextReader(SceneJSONReader):
    """``{"imgs": {id: photo}, "anns": {id: word}}``: ``COCO_Text.json``, ``cocotext.v2.json``.

    A word's outline is its ``mask`` (version 2) or ``polygon``, or if that is none its ``bbox`` (x,
    y, width, height). Illegible words are ignored. A legible word without ``utf8_string`` is
    unlabelled. A photo without words is a sample without instances: most of COCO has no text.

    Args:
        annotation_file: The JSON file.
        image_root: Folder of the photos (``train2014``); ``None``: the file's own.
        split: ``"train"`` or ``"val"``: only photos of that ``set``; ``None``: all, and then all
            must be there.
        languages: What the words to read are written in, as ``("english",)``; words of others are
            ignored, as ICDAR 2017 does. ``None``: all.
        classes: How the words to read were made, of ``"machine printed"``, ``"handwritten"`` and
            ``"others"``; words of other classes are ignored. ``None``: all.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is not JSON (named by line and column) or not of this layout, an
            entry is incomplete, or a photo is missing.
    """

    outline_keys: tuple[str, ...] = ("mask", "polygon")

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        split: str | None = None,
        languages: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
        strict: bool = True,
    ) -> None:
        self.split = split
        self.languages = languages
        self.classes = classes
        super().__init__(annotation_file, image_root, strict)

    def _photos(self, document: Any) -> Iterable[tuple[str, Any]]:
        photos = field(document, "imgs", dict, str(self.file))
        words: dict[str, list[Any]] = {}
        for number, word in field(document, "anns", dict, str(self.file)).items():
            with self._refusing():
                key = str(field(word, "image_id", (str, int), f"{self.file}: anns {number}"))
                words.setdefault(key, []).append(word)
        for key, photo in photos.items():
            if self.split is None or field(photo, "set", str, f"{self.file}: {key}") == self.split:
                yield f"photo {key}", (photo, words.get(key, []))

    def _parse(self, entry: Any, where: str) -> Scene:
        photo, words = entry
        name = field(photo, "file_name", str, where)
        return self._photo(name, where), self._instances(words, where)

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        text = text_of(word.get("utf8_string"), where)
        ignore = self._illegible(word, text) or any(
            wanted is not None and word.get(key) not in wanted
            for key, wanted in (("language", self.languages), ("class", self.classes))
        )
        return instance(self._outline(word, where), text, ignore)

    def _illegible(self, word: dict[str, Any], text: str | None) -> bool:
        return word.get("legibility") == "illegible"

    def _outline(self, word: dict[str, Any], where: str) -> np.ndarray:
        points = next((word[key] for key in self.outline_keys if word.get(key)), None)
        try:
            return canonical_polygon(points, where)
        except AnnotationError as error:
            refusal = error
        try:
            left, top, width, height = box_of(word.get("bbox"), where)
        except AnnotationError:
            raise refusal from None
        return canonical_polygon(box_polygon(left, top, left + width, top + height), where)
