"""Canonical samples as JSON lines: nothing of a sample is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from spotter.conversion.images import in_stored_pixels
from spotter.conversion.writers.base import ListWriter, points
from spotter.data.readers.base import ARCHIVE_KEYS
from spotter.data.transforms.loading import is_archived


class CanonicalWriter(ListWriter):
    """``labels.jsonl``, read by :class:`spotter.data.readers.CanonicalReader`.

    A photo's line is ``{"img_path", "width", "height", "instances": [{"polygon", "text",
    "ignore"}]}``, a word crop's ``{"img_path", "text"}``; crops that are kept in an LMDB have
    ``lmdb_path`` and ``key`` instead, and images that are kept in a tar archive ``tar_path``,
    ``key``, ``offset`` and ``size``. Paths are relative to the file. What else a reader gives,
    such as a lexicon, is kept.
    """

    file_names = {"detection": "labels.jsonl", "recognition": "labels.jsonl"}

    def line(self, sample: dict[str, Any], index: int) -> str:
        """See :meth:`ListWriter.line`."""
        rest = {
            key: value
            for key, value in sample.items()
            if key not in ("img", "img_path", *ARCHIVE_KEYS, "polygon", "resize_to")
        }
        if is_archived(sample) and "polygon" not in sample and self.images.mode == "keep":
            place = {key: sample[key] for key in ARCHIVE_KEYS if key in sample}
            for key in place.keys() & {"lmdb_path", "tar_path"}:
                place[key] = Path(os.path.relpath(place[key], self.root)).as_posix()
            record = {**place, **rest}
        else:
            placed = self.images.place(sample, index)
            record = {"img_path": placed.path}
            if self.task == "detection":
                record |= {"width": placed.width, "height": placed.height}
                rest["instances"] = in_stored_pixels(sample, (placed.width, placed.height))
            record |= rest
        record.pop("text" if self.task == "detection" else "instances", None)
        return json.dumps(record, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know: arrays, of which those of (N, 2) are polygons, and NumPy numbers."""
    if isinstance(value, np.ndarray):
        if value.dtype == np.float32 and value.ndim == 2 and value.shape[1] == 2:
            return points(value)
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
