"""Finds the files of a data set below the folder that a user names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from spotter.data.readers.base import natural_key
from spotter.errors import ConfigError

_SPLITS = {
    "train": r"train(ing)?",
    "val": r"val(id|idation)?",
    "test": r"test(ing)?",
}


class Source:
    """A path that a user named, and how to find the files of a reader below it.

    Patterns are those of :meth:`pathlib.Path.glob`, tried in order; the first that finds something
    decides. Of several finds ``split`` chooses one: its name, or that of its folder, has the split
    as a word of its own (``ch4_training_images`` is of ``train``).

    Args:
        path: Folder of the set, or its annotation file.
        split: ``train``, ``val`` or ``test``, or a word of the files' names.
        image_root: Folder of the images, where they do not lie in their official place.

    Raises:
        ConfigError: There is no such file or folder.
    """

    def __init__(
        self, path: str | Path, split: str | None = None, image_root: str | Path | None = None
    ) -> None:
        self.path = Path(path)
        self.split = split
        self.image_root = None if image_root is None else Path(image_root)
        for named in (self.path, self.image_root):
            if named is not None and not named.exists():
                raise ConfigError(f"{named}: no such file or folder")

    @property
    def folder(self) -> Path:
        """The folder that was named, or that of the file."""
        return self.path if self.path.is_dir() else self.path.parent

    def file(self, *patterns: str) -> Path:
        """The annotation file: the one that was named, or a find.

        Raises:
            ConfigError: Nothing is found, or several files are.
        """
        if not self.path.is_dir():
            return self.path
        return self._choose(patterns, "file")

    def folder_with(self, *patterns: str) -> Path:
        """The folder, at any depth, of the files with such names: one label file per photo.

        Raises:
            ConfigError: There is none, or there are several.
        """
        for pattern in patterns:
            # Archives packed on a Mac hold a hidden double of every file.
            files = (path for path in self.folder.rglob(pattern) if path.name[0] != ".")
            found = self._of_split({path.parent for path in files if path.is_file()})
            if found:
                return self._only(found, "folder", f"with {pattern}")
        raise ConfigError(self._nothing("files", patterns))

    def images(self, *patterns: str) -> Path:
        """The folder of the images: ``image_root``, or a find.

        Args:
            patterns: Folders, tried in order; ``"."`` is the folder that was named.

        Raises:
            ConfigError: Nothing is found, or several folders are.
        """
        if self.image_root is not None:
            return self.image_root
        try:
            return self._choose(patterns, "folder")
        except ConfigError as error:
            raise ConfigError(f"{error} (elsewhere? name the folder with --image-root)") from None

    def _choose(self, patterns: Sequence[str], kind: str) -> Path:
        for pattern in patterns:
            if pattern == ".":
                return self.folder
            paths = (path for path in self.folder.glob(pattern) if path.name[0] != ".")
            found = {path for path in paths if path.is_dir() == (kind == "folder")}
            found = self._of_split(found)
            if found:
                return self._only(found, kind, pattern)
        raise ConfigError(self._nothing(kind, patterns))

    def _of_split(self, found: set[Path]) -> set[Path]:
        if self.split is None:
            return found
        # Names without any split are good enough if none has this one.
        return {path for path in found if self._is_of(self.split, path)} or {
            path for path in found if not any(self._is_of(split, path) for split in _SPLITS)
        }

    def _is_of(self, split: str, path: Path) -> bool:
        word = _SPLITS.get(split, re.escape(split))
        name = path.relative_to(self.folder).as_posix()
        return re.search(rf"(?<![a-z]){word}(?![a-z])", name, re.IGNORECASE) is not None

    def _only(self, found: set[Path], kind: str, what: str) -> Path:
        if len(found) == 1:
            return next(iter(found))
        names = sorted(
            (path.relative_to(self.folder).as_posix() for path in found), key=natural_key
        )
        shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        raise ConfigError(
            f"{self.folder}: several {kind}s {what}: {shown}; choose with --split, or name one"
        )

    def _nothing(self, kind: str, patterns: Sequence[str]) -> str:
        split = f" of the split {self.split!r}" if self.split else ""
        return f"{self.folder}: holds no {kind} {' or '.join(patterns)}{split}"
