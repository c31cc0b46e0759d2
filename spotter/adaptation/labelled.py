"""Labelled words that are kept out of an adaptation and tell what it gained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.base import Reader
from spotter.data.readers.canonical import CanonicalReader
from spotter.data.readers.lmdb import LMDBReader
from spotter.data.readers.scene_words import SceneWordsReader
from spotter.data.readers.word_list import WordListReader
from spotter.data.transforms.loading import load_pixels
from spotter.errors import AnnotationError

_MARGIN = 0.1


class LabelledWords:
    """Words with labels, of word crops or of photos.

    Args:
        source: ``.txt`` with lines ``path text``, paths relative to it; an LMDB of labelled crops;
            or ``.jsonl`` of photos as ``spotter convert`` writes it, whose words are cut out.

    Raises:
        AnnotationError: There is no such file, it is of another kind, or names no word.
    """

    def __init__(self, source: Path) -> None:
        reader = _reader(source)
        self._samples = [dict(sample) for sample in reader if sample.get("text")]
        if not self._samples:
            raise AnnotationError(f"{source}: holds no labelled words")

    def __len__(self) -> int:
        return len(self._samples)

    def files(self) -> set[Path]:
        """The picture files that the words are from, resolved."""
        return {Path(s["img_path"]).resolve() for s in self._samples if "img_path" in s}

    def load(self) -> list[tuple[np.ndarray, str]]:
        """Pixels (H, W, 3) uint8 BGR and labels."""
        return [(load_pixels(dict(sample)), sample["text"]) for sample in self._samples]


def _reader(source: Path) -> Reader | list[dict[str, Any]]:
    if source.is_dir():
        return LMDBReader(source)
    if source.suffix == ".jsonl":
        return SceneWordsReader(reader=CanonicalReader(annotation_file=source), margin=_MARGIN)
    if source.suffix == ".txt":
        return WordListReader(annotation_file=source)
    raise AnnotationError(f"{source}: labels are a .txt of 'path text', a .jsonl, or an LMDB")
