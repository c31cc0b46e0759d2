"""Focused scene text of ICDAR 2013 (Karatzas et al., ICDAR 2013): upright boxes in text files."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.icdar_words import unescape
from spotter.data.readers.scene import (
    LabelLinesReader,
    box_polygon,
    canonical_polygon,
    finite_numbers,
    malformed,
    split_ignored,
)
from spotter.registry import READERS


@READERS.register_module()
class ICDAR2013Reader(LabelLinesReader):
    r"""Photos with label files of one box per line, in any of the benchmark's three forms.

    - training: ``x1 y1 x2 y2 "text"`` in ``gt_100.txt``;
    - test: ``x1, y1, x2, y2, "text"`` in ``gt_img_1.txt``;
    - end to end: ``x1,y1,x2,y2,x3,y3,x4,y4,text``, as in ICDAR 2015.

    Between quotes ``\"`` and ``\\`` are resolved. ``###`` marks an illegible word, which is
    ignored; an empty text is an unlabelled word.

    Arguments are those of :class:`LabelFolderReader`; ``prefix`` is ``gt_`` by default.

    Raises:
        AnnotationError: A line is malformed, a photo or folder is missing.
    """

    default_prefix = "gt_"

    def _instance(self, line: str, where: str) -> dict[str, Any]:
        fields = line.split(",", 8)
        numbers = finite_numbers(fields[:8])
        if numbers is not None and len(numbers) == 8:
            text, ignore = split_ignored(fields[8] if len(fields) == 9 else "")
            return {"polygon": canonical_polygon(numbers, where), "text": text, "ignore": ignore}
        for separator in (",", None):
            fields = line.split(separator, 4)
            box = finite_numbers(fields[:4])
            if box is not None and len(box) == 4:
                text, ignore = split_ignored(_unquoted(fields[4] if len(fields) == 5 else ""))
                polygon = canonical_polygon(box_polygon(*box), where)
                return {"polygon": polygon, "text": text, "ignore": ignore}
        raise malformed(where, 'x1, y1, x2, y2, "text"', line)


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return unescape(text[1:-1])
    return text
