"""Word crops in the JSON of MMOCR 1.x (``textrecog_train.json``)."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.base import FileReader
from spotter.data.readers.json_files import field, load_json, text_of
from spotter.data.readers.packed import PackedStrings
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class MMOCRWordsReader(FileReader):
    """``{"data_list": [{"img_path": "1.jpg", "instances": [{"text": "word"}]}]}``.

    Memory: the bytes of paths and words and 8 MB per million of them; some 800 MB per million more
    while the file is read, where :class:`WordJSONLinesReader` takes next to nothing.

    Arguments are those of :class:`FileReader`.

    Raises:
        AnnotationError: The file is missing or not JSON (named by line and column), or an entry
            lacks its path or its one instance.
    """

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
