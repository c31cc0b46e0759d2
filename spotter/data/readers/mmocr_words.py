"""Word crops in the JSON of MMOCR 1.x (``textrecog_train.json``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spotter.data.readers.base import Reader
from spotter.data.readers.json_files import field, load_json, text_of
from spotter.data.readers.packed import PackedStrings
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class MMOCRWordsReader(Reader):
    """``{"data_list": [{"img_path": "1.jpg", "instances": [{"text": "word"}]}]}``.

    Memory: the bytes of paths and words and 8 MB per million of them; some 800 MB per million more
    while the file is read, where :class:`WordJSONLinesReader` takes next to nothing.

    Args:
        annotation_file: The JSON.
        image_root: Folder that the paths are relative to; ``None``: the file's own.
        indices: See :class:`Reader`.
        start: See :class:`Reader`.
        stop: See :class:`Reader`.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file is missing or not JSON (named by line and column), or an entry
            lacks its path or its one instance.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        indices: Sequence[int] | None = None,
        start: int | None = None,
        stop: int | None = None,
        strict: bool = True,
    ) -> None:
        self.file = Path(annotation_file)
        self.image_root = self.file.parent if image_root is None else Path(image_root)
        super().__init__(indices, start, stop, strict)

    def _load(self) -> None:
        paths, words = [], []
        entries = field(load_json(self.file), "data_list", list, str(self.file))
        for number, entry in enumerate(entries):
            with self._refusing():
                path, word = _word(entry, f"{self.file}: data_list[{number}]")
                paths.append(path)
                words.append(word or "")
        self._paths, self._words = PackedStrings(paths), PackedStrings(words)

    def _total(self) -> int:
        return len(self._paths)

    def _read(self, index: int) -> dict[str, Any]:
        path = str(self.image_root / self._paths[index])
        return {"img_path": path, "text": self._words[index] or None}


def _word(entry: Any, where: str) -> tuple[str, str | None]:
    path = field(entry, "img_path", str, where)
    instances = field(entry, "instances", list, where)
    if len(instances) != 1:
        raise AnnotationError(f"{where} ({path}): a crop has one instance, not {len(instances)}")
    return path, text_of(field(instances[0], "text", str, where), where)
