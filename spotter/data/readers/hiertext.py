"""HierText (Long et al., CVPR 2022): words in lines in paragraphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from spotter.data.readers.json_files import field, flag_of, text_of
from spotter.data.readers.scene import PhotoFolder, canonical_polygon
from spotter.data.readers.scene_json import Scene, SceneJSONReader, instance
from spotter.errors import ConfigError
from spotter.registry import READERS

Level = Literal["words", "lines", "paragraphs"]


@READERS.register_module()
class HierTextReader(SceneJSONReader):
    """``{"annotations": [{"image_id", "paragraphs": [{"lines": [{"words": [...]}]}]}]}``.

    ``gt/train.jsonl`` is one JSON document in spite of its name; ``train.jsonl.gz`` is read as it
    is. What is not ``legible`` is ignored. The outlines of lines and paragraphs are loose: the
    official scores of these levels take the union of their words instead. Paragraphs have no text,
    as their lines need not be in reading order.

    Args:
        annotation_file: The JSON file.
        image_root: Folder of the photos, found by their stem; ``None``: the file's own.
        level: What an instance is: ``"words"``, ``"lines"`` or ``"paragraphs"``.
        ignore: Which words and lines are ignored besides, of ``"vertical"`` and ``"handwritten"``.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is not JSON (named by line and column), an entry is incomplete,
            or a photo is missing.
        ConfigError: ``level`` or ``ignore`` is none of those.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        level: Level = "words",
        ignore: Sequence[str] = (),
        strict: bool = True,
    ) -> None:
        if level not in get_args(Level):
            raise ConfigError(f"level is one of {', '.join(get_args(Level))}, not {level!r}")
        unknown = set(ignore) - {"vertical", "handwritten"}
        if unknown:
            raise ConfigError(f"ignore is of vertical and handwritten, not {unknown.pop()!r}")
        self.level = level
        self.ignore = tuple(ignore)
        super().__init__(annotation_file, image_root, strict)

    def _photos(self, document: Any) -> Iterable[tuple[str, Any]]:
        self._folder = PhotoFolder(self.image_root)
        photos = field(document, "annotations", list, str(self.file))
        return ((f"annotations[{number}]", photo) for number, photo in enumerate(photos))

    def _parse(self, entry: Any, where: str) -> Scene:
        stem = field(entry, "image_id", str, where)
        where = f"{where} ({stem})"
        photo = self._folder.find(stem, where)
        parts = list(field(entry, "paragraphs", list, where))
        for level in ("lines", "words"):
            if self.level != "paragraphs" and (level == "lines" or self.level == "words"):
                parts = [inner for part in parts for inner in field(part, level, list, where)]
        return str(photo), self._instances(parts, where)

    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        polygon = canonical_polygon(field(word, "vertices", list, where), where)
        text = None if self.level == "paragraphs" else text_of(word.get("text"), where)
        ignore = not flag_of(word.get("legible"), f"{where}: legible", default=True)
        ignore |= any(flag_of(word.get(flag), f"{where}: {flag}") for flag in self.ignore)
        return instance(polygon, text, ignore)
