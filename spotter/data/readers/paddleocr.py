"""Photos in the label files of PaddleOCR and PPOCRLabel: ``path<tab>[{...}, ...]``."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.json_files import checked, field, flag_of, parse_json, text_of
from spotter.data.readers.scene import canonical_polygon
from spotter.data.readers.scene_json import PackedSceneReader, Scene, instance
from spotter.errors import AnnotationError
from spotter.registry import READERS

ILLEGIBLE = ("###", "*")


@READERS.register_module()
class PaddleOCRReader(PackedSceneReader):
    """Lines of a path, a tab and ``[{"transcription": "word", "points": [[x, y], ...]}, ...]``.

    Words with the transcription ``###`` or ``*``, and those that PPOCRLabel calls ``difficult``,
    are ignored.

    Args:
        annotation_file: The label file (``Label.txt``).
        image_root: Folder that the paths start from, or the photos' own; ``None``: the file's own.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: A line is malformed (named by file and line), or a photo is missing.
    """

    def _load(self) -> None:
        self._entries = [
            (f"{self.file}:{number}", (number, line)) for number, line in self._lines(self.file)
        ]

    def _parse(self, entry: Any, where: str) -> Scene:
        number, line = entry
        name, tab, words = line.partition("\t")
        if not tab:
            raise AnnotationError(f"{where}: expected a path, a tab and JSON, found {line[:60]!r}")
        words = checked(parse_json(words, self.file, number), list, where)
        return self._photo(name.strip(), where), self._instances(words, where)

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        polygon = canonical_polygon(field(word, "points", list, where), where)
        text = text_of(word.get("transcription"), where)
        difficult = flag_of(word.get("difficult"), f"{where}: difficult")
        return instance(polygon, text, text in ILLEGIBLE or difficult)
