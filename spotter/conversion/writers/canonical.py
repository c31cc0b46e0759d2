"""Canonical samples as JSON lines: nothing of a sample is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from spotter.conversion.images import in_stored_pixels
from spotter.conversion.writers.base import ListWriter, points


class CanonicalWriter(ListWriter):
    """``labels.jsonl``, read by :class:`spotter.data.readers.CanonicalReader`.

    A photo's line is ``{"img_path", "width", "height", "instances": [{"polygon", "text",
    "ignore"}]}``, a word crop's ``{"img_path", "text"}``; crops that are kept in an LMDB have
    ``lmdb_path`` and ``key`` instead. Paths are relative to the file. What else a reader gives,
    such as a lexicon, is kept.
    """

    file_names = {"detection": "labels.jsonl", "recognition": "labels.jsonl"}

    def line(self, sample: dict[str, Any], index: int) -> str:
        """See :meth:`ListWriter.line`."""
        rest = {
            key: value
            for key, value in sample.items()
            if key not in ("img", "img_path", "lmdb_path", "key", "polygon", "resize_to")
        }
        if "lmdb_path" in sample and self.images.mode == "keep":
            path = Path(os.path.relpath(sample["lmdb_path"], self.root)).as_posix()
            record = {"lmdb_path": path, "key": sample["key"], **rest}
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
