"""Photos as COCO instances (Lin et al., ECCV 2014), with the text fields of COCO-Text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from spotter.conversion.images import in_stored_pixels
from spotter.conversion.writers.base import GrowingFile, Task, Writer, WriterState, numbers
from spotter.geometry import polygon_area

_CATEGORY = {"id": 1, "name": "text", "supercategory": "text"}


class COCOWriter(Writer):
    """``annotations.json``, read by :class:`spotter.data.readers.COCOInstancesReader`.

    A word has ``segmentation`` (its outline), ``bbox`` (x, y, width, height), ``area``,
    ``utf8_string`` (absent when unlabelled), and ``iscrowd`` 1 with ``legibility`` ``"illegible"``
    when it is ignored.
    """

    tasks: tuple[Task, ...] = ("detection",)

    def _open(self, state: WriterState) -> None:
        self._photos: int = state.get("photos", 0)
        self._words: int = state.get("words", 0)
        file = self.root / "annotations.json"
        self._images = GrowingFile(file, state.get("size", 0))
        # Annotations wait in a file of their own: a set of millions of words fits no memory.
        self._annotations = GrowingFile(
            file.with_name("annotations.words"), state.get("words_size", 0)
        )

    def write(self, sample: dict[str, Any], index: int) -> None:
        """See :meth:`Writer.write`."""
        placed = self.images.place(sample, index)
        entry = {
            "id": self._photos + 1,
            "file_name": placed.path,
            "width": placed.width,
            "height": placed.height,
        }
        words = [
            {"id": self._words + number, "image_id": self._photos + 1, **_annotation(word)}
            for number, word in enumerate(
                in_stored_pixels(sample, (placed.width, placed.height)), start=1
            )
        ]
        self._images.write((",\n" if self._photos else '{"images": [\n') + _json(entry))
        for word in words:
            self._annotations.write((",\n" if word["id"] > 1 else "") + _json(word))
        self._photos += 1
        self._words += len(words)

    def checkpoint(self) -> WriterState:
        """See :meth:`Writer.checkpoint`."""
        return {
            "photos": self._photos,
            "words": self._words,
            "size": self._images.size(),
            "words_size": self._annotations.size(),
        }

    def finish(self) -> list[Path]:
        """See :meth:`Writer.finish`."""
        if not self._photos:
            self._images.write('{"images": [')
        categories = _json([_CATEGORY])
        self._images.write(f'],\n"categories": {categories},\n"annotations": [\n')
        self._annotations.close()
        with self._annotations.part.open(encoding="utf-8", newline="\n") as words:
            for line in words:
                self._images.write(line)
        self._images.write("\n]}\n")
        path = self._images.finish()
        self._annotations.part.unlink()
        return [path]

    def close(self) -> None:
        """See :meth:`Writer.close`."""
        self._images.close()
        self._annotations.close()


def _annotation(word: dict[str, Any]) -> dict[str, Any]:
    polygon = word["polygon"]
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    annotation: dict[str, Any] = {
        "category_id": _CATEGORY["id"],
        "bbox": numbers(np.concatenate([low, high - low])),
        "area": round(float(polygon_area(polygon)), 2),
        "segmentation": [numbers(polygon)],
        "iscrowd": int(word["ignore"]),
        "legibility": "illegible" if word["ignore"] else "legible",
    }
    if word["text"] is not None:
        annotation["utf8_string"] = word["text"]
    return annotation


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
