"""SynthText in the Wild (Gupta et al., CVPR 2016): one MATLAB file for 858,750 rendered photos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from spotter.data.readers.base import FileReader
from spotter.data.readers.mat_files import load_mat, mat_text
from spotter.data.readers.packed import PackedStrings
from spotter.data.readers.scene import canonical_polygon, is_photo
from spotter.errors import AnnotationError
from spotter.registry import READERS

_BAR_FROM = 10_000


@READERS.register_module()
class SynthTextReader(FileReader):
    """Photos of ``gt.mat`` with the quadrilateral of every word and of every character.

    A string of ``txt`` holds several words, parted by spaces and line feeds. With ``characters``
    every instance also has ``characters`` (C, 4, 2) float32, one quadrilateral per character of the
    text, in order.

    The file is read once, which takes minutes for the whole set. Of it are kept the strings and 32
    bytes per quadrilateral: ``characters=False`` saves four fifths of that.

    Args:
        annotation_file: ``gt.mat``.
        image_root: Folder that the file's image names start from; ``None``: the file's own.
        characters: Read the characters' quadrilaterals, too.
        strict: See :class:`Reader`.

    Raises:
        ConfigError: scipy is not installed.
        AnnotationError: The file is not of this layout; words and boxes of a photo do not match
            (named by file and photo), or the photo is missing.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        characters: bool = True,
        strict: bool = True,
    ) -> None:
        self.characters = characters
        super().__init__(annotation_file, image_root, strict)
        self._pack()

    def _load(self) -> None:
        names = ["imnames", "wordBB", "txt"] + ["charBB"] * self.characters
        content = load_mat(self.file, names)
        for name in names:
            if name not in content:
                raise AnnotationError(f"{self.file}: has no variable {name}")
        self._cells = {name: content[name].ravel() for name in names}
        sizes = {len(cells) for cells in self._cells.values()}
        if len(sizes) > 1 or any(cells.dtype != object for cells in self._cells.values()):
            raise AnnotationError(f"{self.file}: {', '.join(names)} are not cells, one per photo")

    def _total(self) -> int:
        return len(self._cells["imnames"])

    def _pack(self) -> None:
        """Move the photos from MATLAB's cells into a few arrays."""
        names: list[str] = []
        texts: list[str] = []
        words: list[np.ndarray] = []
        characters: list[np.ndarray] = []
        quiet = self._size < _BAR_FROM
        for index in track(range(self._size), "Reading SynthText", transient=True, disable=quiet):
            with self._refusing():
                name, found, boxes, glyphs = self._parse(index)
                names.append(name)
                texts.append(" ".join(found))
                words.append(boxes)
                characters.append(glyphs)
        del self._cells
        self._size = len(names)
        self._names, self._texts = PackedStrings(names), PackedStrings(texts)
        self._word_ends = np.cumsum([0] + [len(boxes) for boxes in words])
        self._character_ends = np.cumsum([0] + [len(boxes) for boxes in characters])
        self._words = np.concatenate([*words, np.empty((0, 4, 2), np.float32)])
        self._characters = np.concatenate([*characters, np.empty((0, 4, 2), np.float32)])

    def _parse(self, index: int) -> tuple[str, list[str], np.ndarray, np.ndarray]:
        """Name, words, their quadrilaterals and those of their characters."""
        name = mat_text(self._cells["imnames"][index])
        where = f"{self.file}: photo {index + 1} ({name})"
        if not is_photo(self.image_root / name):
            raise AnnotationError(f"{where}: no photo {self.image_root / name}")
        texts = mat_text(self._cells["txt"][index]).split()
        boxes = _quads(self._cells["wordBB"][index], where)
        if len(texts) != len(boxes):
            raise AnnotationError(f"{where}: {len(texts)} words, but {len(boxes)} boxes")
        # There are seven million words, so only doubtful ones are checked in full.
        areas = _areas(boxes)
        keep = np.isfinite(areas) & (areas > 1.0)
        for number in np.flatnonzero(~keep).tolist():
            keep[number] = self._is_accepted(boxes[number], f"{where}, word {number + 1}")
        glyphs: np.ndarray = np.empty((0, 4, 2), np.float32)
        if self.characters:
            glyphs = _quads(self._cells["charBB"][index], where)
            lengths = [len(text) for text in texts]
            if sum(lengths) != len(glyphs):
                counts = f"{sum(lengths)} characters, but {len(glyphs)} boxes"
                raise AnnotationError(f"{where}: {counts}; characters=False does without them")
            glyphs = glyphs[np.repeat(keep, lengths)]
        kept = [text for text, keeps in zip(texts, keep, strict=True) if keeps]
        return name, kept, boxes[keep], glyphs

    def _is_accepted(self, box: np.ndarray, where: str) -> bool:
        with self._refusing():
            canonical_polygon(box, where)
            return True
        return False

    def _read(self, index: int) -> dict[str, Any]:
        name = self._names[index]
        first, last = self._word_ends[index : index + 2].tolist()
        at = int(self._character_ends[index])
        instances = []
        for box, text in zip(self._words[first:last], self._texts[index].split(), strict=True):
            # Boxes were checked when they were packed, and are turned when asked for.
            instance = {"polygon": canonical_polygon(box, name), "text": text, "ignore": False}
            if self.characters:
                instance["characters"] = self._characters[at : at + len(text)].copy()
                at += len(text)
            instances.append(instance)
        return {"img_path": str(self.image_root / name), "instances": instances}


def _quads(cell: np.ndarray, where: str) -> np.ndarray:
    """(N, 4, 2) float32 from MATLAB's (2, 4, N), of which one box alone is (2, 4)."""
    try:
        boxes = np.asarray(cell, np.float32)
    except (TypeError, ValueError):
        raise AnnotationError(f"{where}: boxes that are no numbers") from None
    if boxes.size == 0:
        return np.empty((0, 4, 2), np.float32)
    if boxes.shape[:2] != (2, 4) or boxes.ndim > 3:
        raise AnnotationError(f"{where}: boxes of shape {boxes.shape}, not (2, 4, N)")
    return np.ascontiguousarray(boxes.reshape(2, 4, -1).transpose(2, 1, 0))


def _areas(quads: np.ndarray) -> np.ndarray:
    """Areas (N,) of quadrilaterals (N, 4, 2): half the cross product of the diagonals."""
    one, other = (quads[:, 2:] - quads[:, :2]).astype(np.float64).transpose(1, 2, 0)
    return 0.5 * np.abs(one[0] * other[1] - one[1] * other[0])
