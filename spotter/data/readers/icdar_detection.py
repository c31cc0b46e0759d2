"""Detection labels in the layout of ICDAR2015: a text file per photo, a quadrilateral per line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.images import image_size
from spotter.data.readers.base import Reader, list_images, natural_key, read_lines
from spotter.errors import AnnotationError
from spotter.registry import READERS

ILLEGIBLE = "###"


@READERS.register_module()
class ICDARDetectionReader(Reader):
    """Photos with label files of lines ``x1,y1,x2,y2,x3,y3,x4,y4,text``.

    The text may contain commas. ``###`` marks an illegible word, which is ignored; an empty text
    is a word whose transcription is unknown, which is still to be detected. Samples come in
    natural order of the label files' names (``gt_img_2`` before ``gt_img_10``).

    Args:
        annotation_root: Folder of ``<prefix><stem>.txt``.
        image_root: Folder of ``<stem>.<any image suffix>``.
        prefix: What a label file's name has before the photo's stem.
        scale: Factors (x, y) from the labels' coordinates to pixels of the stored photo.
        resize_to: (width, height) to which photos are resized when loaded; the polygons are given
            in that frame, and the sample's ``resize_to`` tells the loader.
        indices: See :class:`Reader`.
        start: See :class:`Reader`.
        stop: See :class:`Reader`.

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
        indices: Sequence[int] | None = None,
        start: int | None = None,
        stop: int | None = None,
    ) -> None:
        self.image_root = Path(image_root)
        self.prefix = prefix
        self.scale = scale
        self.resize_to = None if resize_to is None else (int(resize_to[0]), int(resize_to[1]))
        annotation_root = Path(annotation_root)
        if not annotation_root.is_dir():
            raise AnnotationError(f"{annotation_root}: no such folder")
        self._files = sorted(annotation_root.glob(f"{prefix}*.txt"), key=natural_key)
        if not self._files:
            raise AnnotationError(f"{annotation_root}: holds no {prefix}*.txt")
        super().__init__(indices, start, stop)
        images = {path.stem: path for path in list_images(self.image_root)}
        self._samples = {index: self._parse(index, images) for index in self._selection}

    def _total(self) -> int:
        return len(self._files)

    def _parse(self, index: int, images: dict[str, Path]) -> dict[str, Any]:
        file = self._files[index]
        stem = file.stem.removeprefix(self.prefix)
        if stem not in images:
            raise AnnotationError(f"{file}: no photo {stem}.* in {self.image_root}")
        factors = np.array(self.scale, np.float64)
        if self.resize_to is not None:
            factors *= np.array(self.resize_to) / image_size(images[stem])
        instances = [parse_icdar_line(line, file, number) for number, line in read_lines(file)]
        for instance in instances:
            instance["polygon"] = (instance["polygon"] * factors).astype(np.float32)
        return {"img_path": str(images[stem]), "instances": instances}

    def _read(self, index: int) -> dict[str, Any]:
        stored = self._samples[index]
        copies = [{**item, "polygon": item["polygon"].copy()} for item in stored["instances"]]
        sample = {"img_path": stored["img_path"], "instances": copies}
        if self.resize_to is not None:
            sample["resize_to"] = self.resize_to
        return sample


def parse_icdar_line(line: str, file: str | Path, number: int) -> dict[str, Any]:
    """The canonical instance of one line.

    Args:
        line: ``x1,y1,x2,y2,x3,y3,x4,y4,text``; without the text it is an unlabelled word.
        file: File name, for the error message.
        number: Line number, for the error message.

    Raises:
        AnnotationError: Fewer than eight finite numbers lead the line.
    """
    fields = line.split(",", 8)
    try:
        coordinates = np.array([float(field) for field in fields[:8]], np.float64)
    except ValueError:
        coordinates = np.empty(0)
    if len(coordinates) != 8 or not np.isfinite(coordinates).all():
        raise AnnotationError(
            f"{file}:{number}: expected x1,y1,x2,y2,x3,y3,x4,y4,text, found {line[:60]!r}"
        )
    text = fields[8].strip() if len(fields) == 9 else ""
    ignore = text == ILLEGIBLE
    return {
        "polygon": coordinates.reshape(4, 2).astype(np.float32),
        "text": None if ignore or not text else text,
        "ignore": ignore,
    }
