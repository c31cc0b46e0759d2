"""What the readers of JSON layouts of labelled photos share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spotter.data.readers.base import FileReader
from spotter.data.readers.json_files import load_json
from spotter.data.readers.packed import PackedScenes, progress
from spotter.data.readers.scene import is_photo
from spotter.errors import AnnotationError

Scene = tuple[str, list[dict[str, Any]]]
_MANY_PHOTOS = 2_000


class PackedSceneReader(FileReader):
    """Photos whose annotations are parsed at once, and kept packed.

    A subclass lists the photos (:meth:`_load` sets ``_entries``), parses one (:meth:`_parse`) and
    one of its words (:meth:`_instance`). A photo that is refused is no sample. Memory: some 50 MB
    per million words (:class:`PackedScenes`), and what is listed while it is parsed.

    Arguments are those of :class:`FileReader`.
    """

    _entries: list[tuple[str, Any]]

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        strict: bool = True,
    ) -> None:
        super().__init__(annotation_file, image_root, strict)
        scenes: list[Scene] = []
        for index in progress(range(self._size), f"Reading {self.file.name}", _MANY_PHOTOS):
            where, entry = self._entries[index]
            with self._refusing():
                scenes.append(self._parse(entry, where))
        self._scenes = PackedScenes(scenes)
        self._size = len(scenes)
        # The document is many times as large as what was made of it.
        self._entries = []

    @abstractmethod
    def _load(self) -> None:
        """Set ``_entries``: of every photo where it is annotated, for error messages, and how."""

    @abstractmethod
    def _parse(self, entry: Any, where: str) -> Scene:
        """Path of the photo and its canonical instances (see :meth:`_instances`).

        Raises:
            AnnotationError: The photo as a whole is refused.
        """

    @abstractmethod
    def _instance(self, word: Any, where: str) -> dict[str, Any]:
        """The canonical instance of one word.

        Raises:
            AnnotationError: The word is refused.
        """

    def _instances(self, words: Iterable[Any], where: str) -> list[dict[str, Any]]:
        """The instances of those words that are not refused."""
        instances = []
        for number, word in enumerate(words, start=1):
            with self._refusing():
                instances.append(self._instance(word, f"{where}, word {number}"))
        return instances

    def _photo(self, name: str, where: str) -> str:
        """Path of a photo below ``image_root``, in the folder that its name gives or without it.

        Raises:
            AnnotationError: There is none.
        """
        # Annotations made on Windows have backslashes.
        name = name.replace("\\", "/")
        for path in (self.image_root / name, self.image_root / name.rpartition("/")[2]):
            if is_photo(path):
                return str(path)
        raise AnnotationError(f"{where}: no photo {self.image_root / name}")

    def _total(self) -> int:
        return len(self._entries)

    def _read(self, index: int) -> dict[str, Any]:
        return {"img_path": self._scenes.path(index), "instances": self._scenes.instances(index)}


class SceneJSONReader(PackedSceneReader):
    """Photos whose annotations are one JSON document.

    A subclass lists the document's photos (:meth:`_photos`). Photos and words have no line in such
    a file; messages name them as ``file: photo, word 3``.

    Args:
        annotation_file: The JSON file, which may be packed as ``.gz``.
        image_root: Folder that the photos' names start from; ``None``: the file's own.
        strict: See :class:`Reader`.
    """

    def _load(self) -> None:
        photos = self._photos(load_json(self.file))
        self._entries = [(f"{self.file}: {name}", entry) for name, entry in photos]

    @abstractmethod
    def _photos(self, document: Any) -> Iterable[tuple[str, Any]]:
        """Name, for error messages, and entry of every photo of the document.

        Raises:
            AnnotationError: The document is not of this layout.
        """


def instance(polygon: Any, text: str | None, ignore: bool) -> dict[str, Any]:
    """A canonical instance; what is ignored has no text."""
    return {"polygon": polygon, "text": None if ignore else text, "ignore": ignore}
