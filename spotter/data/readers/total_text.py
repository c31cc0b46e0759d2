"""Total-Text (Ch'ng et al., IJDAR 2020), labels as text: arrays as Python 2 printed them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.scene import (
    LabelFolderReader,
    canonical_polygon,
    finite_numbers,
    malformed,
    split_ignored,
)
from spotter.registry import READERS

# What an annotator could not read, in the benchmark's own spelling and in the field's.
ILLEGIBLE = ("#", "###")

_RECORD = re.compile(
    r"x:\s*\[\[(?P<x>[^\]]*)\]\]\s*,?\s*"
    r"y:\s*\[\[(?P<y>[^\]]*)\]\]\s*,?\s*"
    r"ornt:\s*\[(?P<orientation>.*?)\]\s*,?\s*"
    r"transcriptions:\s*\[(?P<text>.*)\]\s*",
    re.DOTALL,
)
_LONGEST = 20_000
_STRING = re.compile(r"""u?(['"])(.*)\1""", re.DOTALL)


@READERS.register_module()
class TotalTextReader(LabelFolderReader):
    """Photos with label files of one polygon per record.

    ``x: [[x1 x2 ...]], y: [[y1 y2 ...]], ornt: [u'c'], transcriptions: [u'text']`` is a record;
    long arrays are broken over several lines, and a comma may be missing between the fields.
    Orientation or text ``#`` is a word to be ignored. Every instance also has ``orientation``:
    ``c`` curved, ``h`` horizontal, ``m`` multi-oriented, ``#`` or ``""``. Ignored records of fewer
    than two points stand for nothing, and are skipped as the benchmark's own script skips them.

    Arguments are those of :class:`LabelFolderReader`; ``prefix`` is ``poly_gt_`` by default.

    Raises:
        AnnotationError: A record is malformed (named by file and line), a photo or folder is
            missing.
    """

    default_prefix = "poly_gt_"

    def _instances(self, file: Path) -> list[dict[str, Any]]:
        instances = []
        for number, record in _records(self._lines(file)):
            with self._refusing():
                instance = _instance(record, f"{file}:{number}")
                if instance is not None:
                    instances.append(instance)
        return instances


def total_text_instance(
    xs: Any, ys: Any, orientation: str, text: str, where: str
) -> dict[str, Any] | None:
    """The canonical instance of a polygon; ``None`` for an ignored record without one.

    Args:
        xs: (N,) horizontal coordinates.
        ys: (N,) vertical coordinates.
        orientation: ``c``, ``h``, ``m``, ``#`` or ``""``.
        text: The transcription.
        where: File and line, for the error message.

    Raises:
        AnnotationError: Not as many x as y, or no polygon.
    """
    known, ignore = split_ignored(text, ILLEGIBLE)
    ignore = ignore or orientation == "#"
    if ignore and max(len(xs), len(ys)) < 2:
        return None
    if len(xs) != len(ys):
        raise malformed(where, "as many x as y", f"{len(xs)} and {len(ys)}")
    polygon = canonical_polygon(np.stack([xs, ys], axis=1), where)
    return {
        "polygon": polygon,
        "text": None if ignore else known,
        "ignore": ignore,
        "orientation": orientation,
    }


def _records(lines: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Lines with their continuations, numbered by the first of each."""
    records: list[tuple[int, str]] = []
    for number, line in lines:
        if records and not line.lstrip().startswith("x:"):
            first, begun = records[-1]
            records[-1] = (first, f"{begun} {line}")
        else:
            records.append((number, line))
    return records


def _instance(record: str, where: str) -> dict[str, Any] | None:
    # Matching white space takes time by the square of its length.
    match = _RECORD.fullmatch(record.strip()) if len(record) <= _LONGEST else None
    xs = match and finite_numbers(match["x"].replace(",", " ").split())
    ys = match and finite_numbers(match["y"].replace(",", " ").split())
    if match is None or xs is None or ys is None:
        expected = "x: [[...]], y: [[...]], ornt: [u'c'], transcriptions: [u'text']"
        raise malformed(where, expected, record)
    orientation, text = _unquoted(match["orientation"]), _unquoted(match["text"])
    return total_text_instance(xs, ys, orientation, text, where)


def _unquoted(literal: str) -> str:
    """The string that a Python 2 literal stands for, escapes such as ``\\xe9`` resolved."""
    literal = literal.strip()
    match = _STRING.fullmatch(literal)
    if match is None:
        return literal
    try:
        return str(ast.literal_eval(literal))
    except (ValueError, SyntaxError):
        # Labels corrected by hand have unescaped quotes.
        return match[2]
