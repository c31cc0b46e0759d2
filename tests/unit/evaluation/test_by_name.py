"""Predictions and ground truth are brought together by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spotter.errors import AnnotationError
from spotter.evaluation.by_name import in_step, named, read_records


def at(*paths: str) -> list[dict[str, Any]]:
    return [{"img_path": path} for path in paths]


def test_samples_get_the_shortest_name_of_their_own() -> None:
    samples = named(at("/x/train/1.jpg", "/x/test/1.jpg", "/x/test/2.jpg"))
    assert list(samples) == ["2.jpg", "train/1.jpg", "test/1.jpg"]
    assert list(named([{"lmdb_path": "a", "key": "image-000000001"}])) == ["image-000000001"]
    with pytest.raises(AnnotationError, match=r"1\.jpg: is twice"):
        named(at("/x/1.jpg", "/x/1.jpg"))


def test_predictions_find_their_sample() -> None:
    samples = named(at("/x/train/1.jpg", "/x/test/1.jpg", "/x/test/2.jpg"))
    assert in_step({"a.b.png": {}}, named(at("/x/a.b"))) == {"a.b": {}}
    records: dict[str, Any] = {"test/1.png": {"n": 1}, "images/2": {"n": 2}}
    assert in_step(records, samples) == {"test/1.jpg": {"n": 1}, "2.jpg": {"n": 2}}
    with pytest.raises(AnnotationError, match=r"1\.jpg: predicted, but several images"):
        in_step({"1.jpg": {}}, samples)
    with pytest.raises(AnnotationError, match=r"3\.jpg: predicted, but there is no ground truth"):
        in_step({"3.jpg": {}}, samples)
    with pytest.raises(AnnotationError, match="predicted twice"):
        in_step({"2.jpg": {}, "2.png": {}}, samples)


def test_lines_of_predictions(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text(json.dumps({"image": "1.jpg", "text": "a"}) + "\n")
    assert read_records(file) == {"1.jpg": {"image": "1.jpg", "text": "a"}}
    for line in ("[]", "{}", "no"):
        file.write_text(line + "\n")
        with pytest.raises(AnnotationError, match=r"p\.jsonl:1: (the content|image|not JSON)"):
            read_records(file)
    file.write_text('{"image": "1"}\n{"image": "1"}\n')
    with pytest.raises(AnnotationError, match=r":2: a second line of 1"):
        read_records(file)
    file.write_text("")
    with pytest.raises(AnnotationError, match="holds no predictions"):
        read_records(file)
