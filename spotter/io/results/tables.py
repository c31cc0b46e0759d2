"""Words as rows of a table (pandas)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from spotter.io.results.parts import bounds, optional_module, readable
from spotter.structures import SpottingResult

COLUMNS = (
    "image", "page", "paragraph", "line", "text", "score", "detection_score",
    "recognition_score", "x", "y", "width", "height", "polygon",
)  # fmt: skip


def to_dataframe(results: Iterable[SpottingResult]) -> Any:
    """A ``pandas.DataFrame`` with a row for each word, in reading order.

    Columns are ``COLUMNS``: ``paragraph`` and ``line`` count from 1 (lines within their paragraph),
    ``x``, ``y``, ``width`` and ``height`` are those of the upright box in pixels, ``polygon`` is an
    array (N, 2).

    Raises:
        ConfigError: pandas is not installed.
    """
    pandas = optional_module("pandas", "a data frame", "pandas")
    rows = [row for result in readable(results) for row in _rows(result)]
    return pandas.DataFrame(rows, columns=list(COLUMNS))


def _rows(result: SpottingResult) -> Iterator[tuple[Any, ...]]:
    for block, paragraph in enumerate(result.paragraphs, start=1):
        for row, line in enumerate(paragraph.lines, start=1):
            for word in line.words:
                left, top, right, bottom = bounds(word.polygon)
                scores = (word.score, word.detection_score, word.recognition_score)
                box = (left, top, right - left, bottom - top)
                place = (result.image, result.page, block, row)
                yield (*place, word.text, *scores, *box, word.polygon)
