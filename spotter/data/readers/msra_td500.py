"""MSRA-TD500 (Yao et al., CVPR 2012): rotated boxes of text lines, without text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spotter.data.readers.scene import (
    LabelLinesReader,
    box_polygon,
    canonical_polygon,
    finite_numbers,
    malformed,
)
from spotter.geometry import transform_points
from spotter.registry import READERS


@READERS.register_module()
class MSRATD500Reader(LabelLinesReader):
    """Photos with ``.gt`` files of lines ``index difficult x y width height angle``.

    (x, y) is the top left of the box before it is turned about its centre by ``angle`` radians,
    clockwise on screen. Lines marked difficult are ignored, as is the field's use. The corners
    start at the one that was the top left.

    Arguments are those of :class:`LabelFolderReader`; label files usually lie beside the photos.

    Raises:
        AnnotationError: A line is malformed, a photo or folder is missing.
    """

    suffix = ".gt"

    def _instance(self, line: str, where: str) -> dict[str, Any]:
        numbers = finite_numbers(line.split())
        if numbers is None or len(numbers) != 7 or numbers[1] not in (0, 1):
            raise malformed(where, "index difficult x y width height angle", line)
        _, difficult, left, top, width, height, angle = numbers
        cosine, sine = math.cos(angle), math.sin(angle)
        x, y = left + width / 2, top + height / 2
        turn = np.array(
            [[cosine, -sine, x - cosine * x + sine * y], [sine, cosine, y - sine * x - cosine * y]]
        )
        corners = transform_points(box_polygon(left, top, left + width, top + height), turn)
        polygon = canonical_polygon(corners, where)
        return {"polygon": polygon, "text": None, "ignore": bool(difficult)}
