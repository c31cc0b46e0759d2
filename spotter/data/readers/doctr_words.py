"""Word crops in the layout of docTR's ``RecognitionDataset``: a JSON object of names and words."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.base import FileReader
from spotter.data.readers.json_files import checked, load_json, text_of
from spotter.data.readers.packed import PackedStrings
from spotter.registry import READERS


@READERS.register_module()
class DocTRWordsReader(FileReader):
    """A file ``labels.json`` of ``{"crop_1.jpg": "word", ...}`` beside a folder ``images``.

    Memory: the bytes of names and words and 8 MB per million of them; some 250 MB per million more
    while the file is read. Whether a crop exists is only checked when it is loaded.

    Arguments are those of :class:`FileReader`.

    Raises:
        AnnotationError: The file is missing or not JSON (named by line and column), or a label is
            no string.
    """

    default_images = "images"

    def _load(self) -> None:
        names, words = [], []
        for name, word in checked(load_json(self.file), dict, str(self.file)).items():
            with self._refusing():
                words.append(text_of(word, f"{self.file}: {name}") or "")
                names.append(name)
        self._names, self._words = PackedStrings(names), PackedStrings(words)

    def _total(self) -> int:
        return len(self._names)

    def _read(self, index: int) -> dict[str, Any]:
        path = str(self.image_root / self._names[index])
        return {"img_path": path, "text": self._words[index] or None}
