"""Labelled words that are not learned from and that measure the gain of an adaptation."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.scene_words import SceneWordsReader
from spotter.data.transforms.loading import load_pixels
from spotter.errors import AnnotationError
from spotter.own_data.labels import open_labels

_MARGIN = 0.1


class LabelledWords:
    """Words with labels, of word crops or of photos.

    Args:
        source: Labels that :func:`spotter.own_data.labels.open_labels` takes. The words of photos
            are cut out.
        layout: Of the labels; ``None``: recognized are JSON lines as ``spotter convert`` writes
            them, a list of lines ``path text`` with paths relative to it, an LMDB of crops, and
            files of ICDAR 2015.

    Raises:
        AnnotationError: There is no such file, it is of another kind, or names no word.
    """

    def __init__(self, source: Path, layout: str | None = None) -> None:
        labels = open_labels(source, layout)
        words: Iterable[dict[str, Any]] = labels.samples
        if labels.photos:
            words = SceneWordsReader(labels.samples, margin=_MARGIN)
        self._samples = [dict(sample) for sample in words if sample.get("text")]
        if not self._samples:
            raise AnnotationError(f"{source}: holds no labelled words")

    def __len__(self) -> int:
        return len(self._samples)

    def files(self) -> set[Path]:
        """The pictures that the words are from: resolved files, or ``LMDB/KEY``."""
        places = (
            s["img_path"] if "img_path" in s else Path(s["lmdb_path"], s["key"])
            for s in self._samples
            if "img_path" in s or "lmdb_path" in s
        )
        return {Path(place).resolve() for place in places}

    def load(self) -> list[tuple[np.ndarray, str]]:
        """Pixels (H, W, 3) uint8 BGR and labels."""
        return [(load_pixels(dict(sample)), sample["text"]) for sample in self._samples]
