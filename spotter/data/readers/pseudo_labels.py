"""A recognizer's readings of unlabelled crops, as labels: offline rounds of self-training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.base import Reader, built_reader, read_lines
from spotter.data.readers.json_files import parse_json
from spotter.errors import AnnotationError
from spotter.registry import READERS
from spotter.schema import check, number, optional, plain_data, record, text

_REQUIRED = ("image", "text", "score")
_READING = record(
    {"image": text(), "text": optional(text()), "score": number()}, _REQUIRED, plain_data()
)


@READERS.register_module()
class PseudoLabelReader(Reader):
    """The crops of another reader of which a file of readings is sure enough, with those as labels.

    The file has a line ``{"image": name, "text": ..., "score": ...}`` per crop, as
    ``tools/pseudo_label.py`` writes it (and ``tools/recognize.py``, for folders). What the other
    reader knows of the text goes to ``hidden_text``.

    Args:
        reader: Reader of the crops, or its config.
        labels: File of JSON lines.
        threshold: Least score.
        min_length: Least number of characters.
        max_length: Largest number of characters; ``None``: any.

    Raises:
        AnnotationError: The file is missing or faulty, lacks a crop, or leaves none.
    """

    def __init__(
        self,
        reader: Reader | Mapping[str, Any],
        labels: str | Path,
        threshold: float = 0.5,
        min_length: int = 1,
        max_length: int | None = 25,
    ) -> None:
        self.reader: Reader = built_reader(reader)
        readings = read_pseudo_labels(labels)
        self._kept: list[tuple[int, str]] = []
        for index in range(len(self.reader)):
            name = sample_name(self.reader[index])
            if name not in readings:
                raise AnnotationError(
                    f"{labels}: has no reading of {name}; make it with tools/pseudo_label.py"
                )
            text, score = readings[name]
            fits = len(text) >= min_length and (max_length is None or len(text) <= max_length)
            if fits and score >= threshold:
                self._kept.append((index, text))
        if not self._kept:
            raise AnnotationError(
                f"{labels}: no reading has a score of {threshold} or more; lower the threshold"
            )
        super().__init__()

    def _total(self) -> int:
        return len(self._kept)

    def _read(self, index: int) -> dict[str, Any]:
        position, text = self._kept[index]
        sample = self.reader[position]
        truth = sample.get("text") or sample.get("hidden_text")
        return {**sample, "text": text, "hidden_text": truth}


def sample_name(sample: Mapping[str, Any]) -> str:
    """What the readings of a crop are filed under: its file or key, and its place in a photo."""
    if "lmdb_path" in sample:
        # Archives are made on one machine and read on others.
        return f"{Path(sample['lmdb_path']).name}:{sample['key']}"
    if "tar_path" in sample:
        return f"{Path(sample['tar_path']).name}/{sample['key']}"
    path = Path(sample["img_path"])
    name = f"{path.parent.name}/{path.name}"
    if "polygon" in sample:
        corners = np.rint(np.asarray(sample["polygon"])).astype(int).ravel()
        name += "#" + ",".join(map(str, corners.tolist()))
    return name


def read_pseudo_labels(path: str | Path) -> dict[str, tuple[str, float]]:
    """Text and score by name of a file of readings; a crop that could not be read has score 0.

    Raises:
        AnnotationError: The file is missing, or a line is no reading.
    """
    readings = {}
    for row, line in read_lines(Path(path)):
        where = f"{path}:{row}"
        reading = check(parse_json(line, path, row), _READING, where, AnnotationError)
        text = reading["text"] or ""
        readings[reading["image"]] = (text, reading["score"] if text else 0.0)
    return readings
