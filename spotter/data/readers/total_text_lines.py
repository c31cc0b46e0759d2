"""Total-Text's polygons in lines ``x1,y1,...,xn,yn<TAB>orientation<TAB>text``."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.scene import LabelLinesReader, finite_numbers, malformed
from spotter.data.readers.total_text import total_text_instance
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class TotalTextLinesReader(LabelLinesReader):
    """Photos with label files of one polygon per line, fields separated by tabs.

    ``###`` as the text or ``#`` as the orientation is a word to be ignored. Instances are those of
    :class:`TotalTextReader`.

    Arguments are those of :class:`LabelFolderReader`; ``prefix`` is ``poly_gt_`` by default.

    Raises:
        AnnotationError: A line is malformed (named by file and line), a photo or folder is missing.
    """

    default_prefix = "poly_gt_"

    def _instance(self, line: str, where: str) -> dict[str, Any]:
        fields = line.split("\t", 2)
        numbers = finite_numbers(fields[0].split(","))
        if len(fields) != 3 or numbers is None or len(numbers) % 2:
            raise malformed(where, "x1,y1,...,xn,yn<TAB>orientation<TAB>text", line)
        orientation, text = fields[1].strip(), fields[2]
        instance = total_text_instance(numbers[::2], numbers[1::2], orientation, text, where)
        if instance is None:
            raise AnnotationError(f"{where}: a polygon needs at least 4 points")
        return instance
