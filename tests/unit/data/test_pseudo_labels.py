"""Readings of a recognizer as labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotter.data.readers.base import Reader
from spotter.data.readers.pseudo_labels import PseudoLabelReader, sample_name
from spotter.errors import AnnotationError


class Listed(Reader):
    def __init__(self, samples: list[dict[str, Any]]) -> None:
        self.samples = samples
        super().__init__()

    def _total(self) -> int:
        return len(self.samples)

    def _read(self, index: int) -> dict[str, Any]:
        return dict(self.samples[index])


SAMPLES = [
    {"img_path": f"/data/words/{n}.png", "text": "truth" if n == 1 else None} for n in "0123"
]


@pytest.fixture
def samples() -> Listed:
    return Listed(
        [{**sample, "text": "truth" if i == 1 else None} for i, sample in enumerate(SAMPLES)]
    )


def write(path: Path, *readings: tuple[str, str | None, float]) -> Path:
    records = [{"image": image, "text": text, "score": score} for image, text, score in readings]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


ALL = (
    ("words/0.png", "zero", 0.9),
    ("words/1.png", "one", 0.5),
    ("words/2.png", "two", 0.4999),
    ("words/3.png", "", 0.99),
)


def test_sure_readings_become_labels(samples: Listed, tmp_path: Path) -> None:
    reader = PseudoLabelReader(samples, write(tmp_path / "l.jsonl", *ALL), threshold=0.5)
    assert [sample["text"] for sample in reader] == ["zero", "one"]
    assert [sample["hidden_text"] for sample in reader] == [None, "truth"]
    assert reader[1]["img_path"] == "/data/words/1.png"
    long = PseudoLabelReader(samples, tmp_path / "l.jsonl", threshold=0.0, min_length=4)
    assert [sample["text"] for sample in long] == ["zero"]
    short = PseudoLabelReader(samples, tmp_path / "l.jsonl", threshold=0.0, max_length=3)
    assert [sample["text"] for sample in short] == ["one", "two"]


def test_names_do_not_depend_on_where_the_data_lie() -> None:
    assert sample_name({"img_path": "/a/b/c.png"}) == sample_name({"img_path": "x/b/c.png"})
    archived = {"lmdb_path": "/x/crops.lmdb", "key": "image-000000001"}
    assert sample_name(archived) == "crops.lmdb:image-000000001"
    quad = np.array([[1.4, 2], [9, 2], [9, 5.6], [1, 5]])
    assert sample_name({"img_path": "/a/p.jpg", "polygon": quad}) == "a/p.jpg#1,2,9,2,9,6,1,5"


def test_errors_say_what_to_do(samples: Listed, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"no reading of words/3.png; make it with tools"):
        PseudoLabelReader(samples, write(tmp_path / "part.jsonl", *ALL[:3]))
    with pytest.raises(AnnotationError, match="lower the threshold"):
        PseudoLabelReader(samples, write(tmp_path / "all.jsonl", *ALL), threshold=0.95)
    with pytest.raises(AnnotationError, match="no such file"):
        PseudoLabelReader(samples, tmp_path / "none.jsonl")
    (tmp_path / "bad.jsonl").write_text('{"image": "a", "text": "b", "score": 1}\n{"image": 1}\n')
    with pytest.raises(AnnotationError, match=r"bad.jsonl:2: text is missing"):
        PseudoLabelReader(samples, tmp_path / "bad.jsonl")
