"""The label files of PaddleOCR."""

from __future__ import annotations

import json
from typing import Any

from spotter.conversion.images import in_stored_pixels
from spotter.conversion.writers.base import ILLEGIBLE, ListWriter, one_line, points
from spotter.errors import AnnotationError


class PaddleWriter(ListWriter):
    """``Label.txt`` of photos, ``rec_gt.txt`` of word crops; image and label parted by a tab.

    A photo's label is a JSON list of ``{"transcription", "points"}`` with ``###`` for ignored
    words and ``""`` for unlabelled ones; a crop's is its text.
    """

    file_names = {"detection": "Label.txt", "recognition": "rec_gt.txt"}

    def line(self, sample: dict[str, Any], index: int) -> str:
        """See :meth:`ListWriter.line`.

        Raises:
            AnnotationError: A word crop without text.
        """
        placed = self.images.place(sample, index)
        if self.task == "recognition":
            if sample["text"] is None:
                raise AnnotationError(f"{placed.path}: this list needs a text for every crop")
            return f"{placed.path}\t{one_line(sample['text'])}"
        words = [
            {
                "transcription": ILLEGIBLE if word["ignore"] else word["text"] or "",
                "points": points(word["polygon"]),
            }
            for word in in_stored_pixels(sample, (placed.width, placed.height))
        ]
        return f"{placed.path}\t{json.dumps(words, ensure_ascii=False)}"
