"""MJSynth (Jaderberg et al., 2014): nine million synthetic crops, their words in the file names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spotter.data.readers.base import Reader, natural_key
from spotter.data.readers.packed import LineFile, PackedStrings, progress
from spotter.errors import AnnotationError
from spotter.io.images import IMAGE_SUFFIXES
from spotter.registry import READERS


@READERS.register_module()
class MJSynthReader(Reader):
    """Crops ``2425/1/115_Lube_45484.jpg`` of the word ``Lube``, from a list or the folder itself.

    The lists ``annotation.txt``, ``annotation_train.txt`` and so on hold lines
    ``./2425/1/115_Lube_45484.jpg 45484`` (the number is the word's place in ``lexicon.txt`` and not
    needed); ``imlist.txt`` has the paths alone. Lines are read when asked for: 4 MB of memory per
    million. Without a list the folder is scanned, which takes minutes, in natural order: some 30 MB
    per million. A few dozen crops of the archive are damaged; they are met when loaded.

    Args:
        annotation_file: The list; ``None``: all of the folder.
        image_root: Folder that the paths are relative to (``90kDICT32px``); ``None``: the list's.
        check: Parse all lines at once, so that a malformed one is met now and not when it is read;
            always done when not ``strict``.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The list or folder is missing or holds no crops; a name holds no word (the
            list's by file and line).
    """

    def __init__(
        self,
        annotation_file: str | Path | None = None,
        image_root: str | Path | None = None,
        check: bool = False,
        strict: bool = True,
    ) -> None:
        if annotation_file is None and image_root is None:
            raise AnnotationError("MJSynth needs an annotation_file, an image_root, or both")
        self.file = None if annotation_file is None else Path(annotation_file)
        root = image_root if self.file is None else image_root or self.file.parent
        self.image_root = Path(root or ".")
        self.check = check
        super().__init__(strict)

    def _load(self) -> None:
        self._names: LineFile | PackedStrings
        if self.file is None:
            self._names = PackedStrings(_scan(self.image_root))
            if not len(self._names):
                raise AnnotationError(f"{self.image_root}: holds no crops")
        else:
            self._names = LineFile(self.file)
        # Among the files of a folder there may be any; a list is of crops.
        if self.check or not self.strict or self.file is None:
            self._keep_good_names()

    def _keep_good_names(self) -> None:
        names = self._names
        if isinstance(names, LineFile):
            with names.path.open("rb") as file:
                good = self._good(lambda index: names.read(index, file))
            names.keep(good)
        else:
            good = self._good(names.__getitem__)
            if len(good) < len(names):
                self._names = PackedStrings([names[index] for index in good])

    def _good(self, read: Callable[[int], str]) -> list[int]:
        """Positions of the names that are not refused."""
        good = []
        for index in progress(range(len(self._names)), "Checking MJSynth"):
            with self._refusing():
                self._sample(read(index), index)
                good.append(index)
        return good

    def _total(self) -> int:
        return len(self._names)

    def _read(self, index: int) -> dict[str, Any]:
        return self._sample(self._names[index], index)

    def _sample(self, line: str, index: int) -> dict[str, Any]:
        fields = line.split() if self.file else [line]
        name = fields[0] if fields else ""
        return {
            "img_path": os.path.join(self.image_root, name.removeprefix("./")),
            "text": self._word(name, index),
        }

    def _word(self, name: str, index: int) -> str:
        stem = name.rpartition("/")[2].rpartition(".")[0]
        word = stem.partition("_")[2].rpartition("_")[0]
        if not word:
            where = str(self.image_root)
            if isinstance(self._names, LineFile):
                where = f"{self.file}:{self._names.number(index)}"
            raise AnnotationError(f"{where}: expected a name like 115_Lube_45484.jpg, not {name!r}")
        return word


def _scan(root: Path) -> Iterator[str]:
    """Paths of all images below a folder relative to it, with slashes, in natural order."""
    if not root.is_dir():
        raise AnnotationError(f"{root}: no such folder")
    # The archive's upper level has some four thousand folders.
    for name in progress(_sorted_names(root), f"Scanning {root.name}", 100):
        yield from _images(root, name)


def _images(root: Path, name: str) -> Iterator[str]:
    if os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:
        yield name
    elif (root / name).is_dir():
        for inner in _sorted_names(root / name):
            yield from _images(root, f"{name}/{inner}")


def _sorted_names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder), key=natural_key)
