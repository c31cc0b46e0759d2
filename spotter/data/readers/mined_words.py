"""Mined crops, some of which are from photos with annotated words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.base import Reader, built_reader
from spotter.data.readers.json_files import field
from spotter.data.readers.lmdb import LMDBReader, read_lmdb_value
from spotter.data.readers.scene import canonical_polygon
from spotter.errors import AnnotationError
from spotter.geometry import iou_matrix
from spotter.io.bounded import parse_json as bounded_json
from spotter.io.images import image_size
from spotter.registry import READERS


@READERS.register_module()
class MinedWordsReader(LMDBReader):
    """Unlabelled crops of ``tools/mine_crops.py``; the truth, where known, is ``hidden_text``.

    With the truth, the accuracy of pseudo-labels can be logged in training. The truth of a crop is
    the text of the annotated word that its place in the photo overlaps most.

    Args:
        lmdb_path: Folder of the archive.
        annotations: Detection readers of labelled photos among those mined, or their configs.
        min_iou: Least overlap of a crop's outline and the annotated word's.
    """

    def __init__(
        self,
        lmdb_path: str | Path,
        annotations: Sequence[Reader | Mapping[str, Any]] = (),
        min_iou: float = 0.6,
    ) -> None:
        self.min_iou = min_iou
        self._photos: dict[str, dict[str, Any]] = {}
        for item in annotations:
            reader: Reader = built_reader(item)
            for photo in reader:
                self._photos[_name(photo["img_path"])] = photo
        super().__init__(lmdb_path, False)

    def _read(self, index: int) -> dict[str, Any]:
        sample = super()._read(index)
        key = f"meta-{index + 1:09d}"
        where = f"{self.lmdb_path}:{key}"
        record = bounded_json(read_lmdb_value(self.lmdb_path, key), where, AnnotationError)
        photo = self._photos.get(_name(field(record, "image", str, where)))
        polygon = canonical_polygon(field(record, "polygon", list, where), where)
        truth = None if photo is None else self._truth(photo, polygon)
        return {**sample, "hidden_text": truth}

    def _truth(self, photo: dict[str, Any], polygon: np.ndarray) -> str | None:
        words = photo["instances"]
        if not words:
            return None
        if "resize_to" in photo:
            # Annotations are in the resized frame, crops in that of the file.
            polygon = polygon * (np.array(photo["resize_to"]) / image_size(photo["img_path"]))
        overlaps = iou_matrix([polygon], [word["polygon"] for word in words])[0]
        best = int(overlaps.argmax())
        if overlaps[best] < self.min_iou or words[best]["ignore"]:
            return None
        return words[best]["text"]


def _name(path: str) -> str:
    """A photo's file with its two folders, as the data may have moved since it was searched."""
    return "/".join(Path(path).parts[-3:])
