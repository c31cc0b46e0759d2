"""Multi-lingual scene text of ICDAR 2017 and 2019 (Nayef et al.): quadrilaterals with language."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.scene import (
    LabelLinesReader,
    canonical_polygon,
    finite_numbers,
    malformed,
    split_ignored,
)
from spotter.registry import READERS


@READERS.register_module()
class ICDARMLTReader(LabelLinesReader):
    """Photos with label files of lines ``x1,y1,x2,y2,x3,y3,x4,y4,language,text``.

    Every instance also has ``language``, as the file spells it (``Latin``, ``Arabic``, ``Symbols``,
    ``None``, ...). The text may contain commas; ``###`` marks an illegible word, which is ignored.

    Arguments are those of :class:`LabelFolderReader`; ``prefix`` is ``gt_`` by default, as in
    2017. The files of 2019 have none: give ``""``.

    Raises:
        AnnotationError: A line is malformed, a photo or folder is missing.
    """

    default_prefix = "gt_"

    def _instance(self, line: str, where: str) -> dict[str, Any]:
        fields = line.split(",", 9)
        numbers = finite_numbers(fields[:8])
        if numbers is None or len(fields) != 10:
            raise malformed(where, "x1,y1,x2,y2,x3,y3,x4,y4,language,text", line)
        text, ignore = split_ignored(fields[9])
        return {
            "polygon": canonical_polygon(numbers, where),
            "text": text,
            "ignore": ignore,
            "language": fields[8].strip(),
        }
