"""ArT (Chng et al., ICDAR 2019) and LSVT (Sun et al., ICDAR 2019): one JSON for all photos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spotter.data.readers.json_files import checked, field, flag_of, text_of
from spotter.data.readers.scene import PhotoFolder, canonical_polygon
from spotter.data.readers.scene_json import Scene, SceneJSONReader, instance
from spotter.registry import READERS

ILLEGIBLE = "###"


@READERS.register_module()
class ArTReader(SceneJSONReader):
    """``{"gt_1": [{"transcription", "points", "language", "illegibility"}]}``, gt_1.jpg and so on.

    Of ArT ``train_labels.json``, of LSVT ``train_full_labels.json``, whose words have no language
    (its weak labels have no outlines: they are refused). A word is ignored that is illegible or
    whose transcription is ``###``.

    Args:
        annotation_file: The JSON file.
        image_root: Folder of the photos, found by their stem; ``None``: the file's own.
        languages: What the words to read are written in, as ``("Latin",)``; words of others are
            ignored. ``None``: all.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is not JSON (named by line and column), an entry is incomplete,
            or a photo is missing.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        languages: Sequence[str] | None = None,
        strict: bool = True,
    ) -> None:
        self.languages = languages
        super().__init__(annotation_file, image_root, strict)

    def _photos(self, document: Any) -> Iterable[tuple[str, Any]]:
        self._folder = PhotoFolder(self.image_root)
        document = checked(document, dict, str(self.file))
        return ((stem, (stem, words)) for stem, words in document.items())

    def _parse(self, entry: Any, where: str) -> Scene:
        stem, words = entry
        photo = self._folder.find(stem, where)
        return str(photo), self._instances(checked(words, list, where), where)

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        polygon = canonical_polygon(field(word, "points", list, where), where)
        text = text_of(field(word, "transcription", str, where), where)
        foreign = self.languages is not None and word.get("language") not in self.languages
        illegible = flag_of(word.get("illegibility"), f"{where}: illegibility")
        ignore = illegible or text == ILLEGIBLE or foreign
        return instance(polygon, text, ignore)
