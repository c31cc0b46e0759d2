"""Total-Text (Ch'ng et al., IJDAR 2020), labels as MATLAB files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.mat_files import load_mat, mat_text
from spotter.data.readers.scene import LabelFolderReader
from spotter.data.readers.total_text import total_text_instance
from spotter.errors import AnnotationError
from spotter.registry import READERS

# "polygt" up to 2018, "gt" since.
_VARIABLES = ("gt", "polygt")


@READERS.register_module()
class TotalTextMatReader(LabelFolderReader):
    """Photos with a MATLAB file each, of one polygon per row: a cell array ``gt`` or ``polygt``.

    Its columns are ``'x:'``, the x coordinates, ``'y:'``, the y coordinates, text and orientation;
    a struct array with fields ``x``, ``y``, ``text`` and ``ornt`` is read as well. Instances are
    those of :class:`TotalTextReader`.

    Arguments are those of :class:`LabelFolderReader`; ``prefix`` is ``poly_gt_`` by default.

    Raises:
        ConfigError: scipy is not installed.
        AnnotationError: A row is malformed (named by file and row), a photo or folder is missing.
    """

    default_prefix = "poly_gt_"
    suffix = ".mat"

    def _instances(self, file: Path) -> list[dict[str, Any]]:
        (content,) = list(load_mat(file, _VARIABLES).values())[:1]
        instances = []
        for number, row in enumerate(_rows(content, file), start=1):
            with self._refusing():
                instance = _instance(row, f"{file}: row {number}")
                if instance is not None:
                    instances.append(instance)
        return instances


def _rows(content: np.ndarray, file: Path) -> list[list[Any]]:
    """x, y, text and orientation of each row."""
    if content.dtype.names is not None:
        # MATLAB writes structs in the order in which their fields were made.
        fields = ("x", "y", "text", "ornt")
        if not set(fields) <= set(content.dtype.names):
            raise AnnotationError(f"{file}: a struct needs the fields {', '.join(fields)}")
        return [[item[field] for field in fields] for item in content.ravel()]
    if content.size == 0:
        return []
    if content.dtype != object or content.ndim != 2 or content.shape[1] < 6:
        raise AnnotationError(f"{file}: expected a cell array of 6 columns, found {content.shape}")
    return [[row[column] for column in (1, 3, 4, 5)] for row in content]


def _instance(row: list[Any], where: str) -> dict[str, Any] | None:
    try:
        xs, ys = (np.asarray(values, np.float64).ravel() for values in row[:2])
    except (TypeError, ValueError):
        raise AnnotationError(f"{where}: coordinates that are no numbers") from None
    text, orientation = mat_text(row[2]), mat_text(row[3]).strip()
    return total_text_instance(xs, ys, orientation, text, where)
