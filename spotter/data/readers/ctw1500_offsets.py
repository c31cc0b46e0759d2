"""SCUT-CTW1500 (Liu et al., Pattern Recognition 2019), first labels: boxes with 14 offsets."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotter.data.readers.scene import (
    LabelLinesReader,
    canonical_polygon,
    finite_numbers,
    malformed,
)
from spotter.registry import READERS


@READERS.register_module()
class CTW1500OffsetReader(LabelLinesReader):
    """Photos with label files of 32 numbers per text line: box, then 14 vertices seen from it.

    ``xmin,ymin,xmax,ymax,x1,y1,...,x14,y14``; the vertices are relative to (xmin, ymin). The text
    is not given.

    Arguments are those of :class:`LabelFolderReader`.

    Raises:
        AnnotationError: A line is malformed, a photo or folder is missing.
    """

    def _instance(self, line: str, where: str) -> dict[str, Any]:
        numbers = finite_numbers(line.split(","))
        if numbers is None or len(numbers) != 32:
            raise malformed(where, "32 numbers xmin,ymin,xmax,ymax,x1,y1,...,x14,y14", line)
        points = np.array(numbers).reshape(16, 2)
        polygon = canonical_polygon(points[2:] + points[0], where)
        return {"polygon": polygon, "text": None, "ignore": False}
