"""One offline round: a recognizer labels the crops of a config, and the reader takes them up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from spotter.data.readers import ImageFolderReader
from spotter.data.readers.pseudo_labels import PseudoLabelReader, read_pseudo_labels
from spotter.errors import AnnotationError
from tests.unit.pipeline.networks import written

CONFIG = """
train_dataloader = dict(dataset=dict(datasets=[
    dict(reader=dict(type="LMDBReader", lmdb_path="labelled")),
    dict(reader=dict(
        type="PseudoLabelReader",
        labels="{{$SPOTTER_DATA:data}}/round1.jsonl",
        reader=dict(type="ImageFolderReader", image_root="{{$SPOTTER_DATA:data}}/crops"),
    )),
]))
"""


def test_a_round_of_labels(
    run_script: Callable, models: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crops = tmp_path / "crops"
    crops.mkdir()
    for text in ("1234", "5678", "90"):
        cv2.imwrite(str(crops / f"{text}.png"), written(text))
    (crops / "bad.png").write_bytes(b"no picture")
    config = tmp_path / "config.py"
    config.write_text(CONFIG)
    options = ["--recognizer", models[3], "--runtime", "onnx", "--threads", 1]
    run_script("tools/pseudo_label.py", config, "--data-root", tmp_path, *options)
    assert "4 new of 4 crops, 1 could not be read" in capsys.readouterr().out
    labels = tmp_path / "round1.jsonl"
    readings = read_pseudo_labels(labels)
    assert readings["crops/1234.png"][0] == "1234"
    assert readings["crops/bad.png"] == ("", 0.0)
    assert 0.0 < readings["crops/5678.png"][1] <= 1.0
    reader = PseudoLabelReader(ImageFolderReader(crops), labels, threshold=0.01)
    assert sorted(sample["text"] for sample in reader) == ["1234", "5678", "90"]

    labels.write_text("".join(labels.read_text().splitlines(keepends=True)[:2]))
    run_script("tools/pseudo_label.py", config, "--data-root", tmp_path, *options)
    assert "2 new of 4" in capsys.readouterr().out
    assert read_pseudo_labels(labels) == readings


def test_a_config_without_sources(run_script: Callable, models: list[str], tmp_path: Path) -> None:
    config = tmp_path / "config.py"
    config.write_text("train_dataloader = dict(dataset=dict(type='x'))\n")
    with pytest.raises(AnnotationError, match="no PseudoLabelReader"):
        run_script("tools/pseudo_label.py", config, "--recognizer", models[3])
