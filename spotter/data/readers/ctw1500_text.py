"""SCUT-CTW1500 (Liu et al., Pattern Recognition 2019), end to end: polygons with text, as text."""

from __future__ import annotations

import re
from typing import Any

from spotter.data.readers.scene import (
    LabelLinesReader,
    canonical_polygon,
    finite_numbers,
    malformed,
    split_ignored,
)
from spotter.registry import READERS

_LINE = re.compile(r"([^#]*),####(.*)")


@READERS.register_module()
class CTW1500TextReader(LabelLinesReader):
    """Photos with label files of lines ``x1,y1,...,x14,y14,####text``, as the test set has them.

    The text of a line may hold spaces and commas. ``#`` and ``###`` mark an illegible one, which is
    ignored. A file ``0001001.txt`` belongs to the photo ``1001.jpg``. Any number of vertices from
    four is read.

    Arguments are those of :class:`LabelFolderReader`.

    Raises:
        AnnotationError: A line is malformed, a photo or folder is missing.
    """

    def _instance(self, line: str, where: str) -> dict[str, Any]:
        match = _LINE.fullmatch(line.strip())
        numbers = match and finite_numbers(match[1].split(","))
        if match is None or numbers is None or len(numbers) % 2:
            raise malformed(where, "x1,y1,...,x14,y14,####text", line)
        text, ignore = split_ignored(match[2], ("#", "###"))
        return {"polygon": canonical_polygon(numbers, where), "text": text, "ignore": ignore}
