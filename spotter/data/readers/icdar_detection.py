"""Detection labels in the layout of ICDAR2015: a text file per photo, a quadrilateral per line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.scene import (
    LabelLinesReader,
    clockwise_polygon,
    finite_numbers,
    malformed,
    split_ignored,
)
from spotter.io.images import image_size
from spotter.registry import READERS


@READERS.register_module()
class ICDARDetectionReader(LabelLinesReader):
    """Photos with label files of lines ``x1,y1,x2,y2,x3,y3,x4,y4,text``.

    The text may contain commas. ``###`` marks an illegible word, which is ignored; an empty text
    is a word whose transcription is unknown, which is still to be detected. Corners without an
    area between them are kept. Samples come in natural order of the label files' names
    (``gt_img_2`` before ``gt_img_10``).

    Args:
        annotation_root: Folder of ``<prefix><stem>.txt``.
        image_root: Folder of ``<stem>.<any image suffix>``.
        prefix: What a label file's name has before the photo's stem.
        scale: Factors (x, y) from the labels' coordinates to pixels of the stored photo.
        resize_to: (width, height) to which photos are resized when loaded; the polygons are given
            in that frame, and the sample's ``resize_to`` tells the loader.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: A line is malformed (named by file and line), a photo or folder is missing.
    """

    def __init__(
        self,
        annotation_root: str | Path,
        image_root: str | Path,
        prefix: str = "gt_",
        scale: tuple[float, float] = (1.0, 1.0),
        resize_to: tuple[int, int] | None = None,
        strict: bool = True,
    ) -> None:
        self.scale = scale
        self.resize_to = None if resize_to is None else (int(resize_to[0]), int(resize_to[1]))
        super().__init__(annotation_root, image_root, prefix, strict)

    def _parse(self, index: int) -> dict[str, Any]:
        sample = super()._parse(index)
        factors = np.array(self.scale, np.float64)
        if self.resize_to is not None:
            factors *= np.array(self.resize_to) / image_size(sample["img_path"])
            sample["resize_to"] = self.resize_to
        for instance in sample["instances"]:
            instance["polygon"] = (instance["polygon"] * factors).astype(np.float32)
        return sample

    def _instance(self, line: str, where: str) -> dict[str, Any]:
        return parse_icdar_line(line, where)


def parse_icdar_line(line: str, where: str) -> dict[str, Any]:
    """The canonical instance of one line.

    Args:
        line: ``x1,y1,x2,y2,x3,y3,x4,y4,text``; without the text it is an unlabelled word.
        where: File and number of the line, for the error message.

    Raises:
        AnnotationError: Fewer than eight finite numbers lead the line.
    """
    fields = line.split(",", 8)
    coordinates = finite_numbers(fields[:8])
    if coordinates is None or len(coordinates) != 8:
        raise malformed(where, "x1,y1,x2,y2,x3,y3,x4,y4,text", line)
    text, ignore = split_ignored(fields[8] if len(fields) == 9 else "")
    polygon = clockwise_polygon(np.array(coordinates, np.float32).reshape(4, 2))
    return {"polygon": polygon, "text": text, "ignore": ignore}
