"""The label files of ICDAR 2015's challenge 4 (Karatzas et al., ICDAR 2015)."""

from __future__ import annotations

from spotter.io.results.parts import clean_text, four_corners
from spotter.structures import SpottingResult


def to_icdar(result: SpottingResult) -> str:
    """``gt_NAME.txt`` of one photo: a line ``x1,y1,x2,y2,x3,y3,x4,y4,text`` for each word.

    The layout has four corners only: the smallest rectangle stands for a curved outline. They are
    whole pixels, as the evaluation script of the challenge takes nothing else. Scores have no place
    in it. :class:`spotter.data.readers.ICDARDetectionReader` reads it.
    """
    lines = []
    for word in result.instances:
        corners = [str(round(float(value))) for value in four_corners(word.polygon).ravel()]
        lines.append(",".join([*corners, clean_text(word.text)]) + "\n")
    return "".join(lines)
