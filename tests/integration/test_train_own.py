"""``spotter train words`` and ``photos``, from labels to an ONNX file, with tiny networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from spotter.cli.commands import run
from spotter.cli.main import cli
from spotter.errors import ConfigError
from spotter.pipeline import SceneTextSpotter
from spotter.registry import MODELS
from spotter.runtime.header import read_header
from spotter.training.header import make_header, register_models
from spotter.training.weights import save_weights

SIZE = {"height": 32, "mode": "buckets", "widths": [32, 64], "stretch": 1.2}
RECOGNIZER = {
    "type": "FourStageRecognizer",
    "data_preprocessor": {"type": "RecDataPreprocessor", "mean": 127.5, "std": 127.5},
    "transformation": None,
    "feature_extraction": {"type": "CompactMixer", "channels": [8, 8, 16, 32], "depths": [1] * 4},
    "sequence_modeling": None,
    "prediction": {"type": "CTCPrediction"},
    "charset": "36",
}
DETECTOR = {
    "type": "DBNet",
    "backbone": {"type": "MobileNetV3Large", "scale": 0.5, "norm_eval": True, "frozen_blocks": 0},
    "neck": {"type": "FPNC", "lateral_channels": 8, "out_channels": 4, "norm": True},
    "head": {"type": "DBHead", "hidden": 8, "loss": {"type": "DBLoss"}},
    "data_preprocessor": {"type": "DetDataPreprocessor"},
}


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def start(path: Path, task: str, config: dict[str, Any], **parts: Any) -> Path:
    register_models()
    torch.manual_seed(0)
    save_weights(path, MODELS.build(config), make_header(task, path.stem, config, **parts))
    return path


def written(path: Path, text: str) -> None:
    image = np.full((24, 44, 3), 230, np.uint8)
    cv2.putText(image, text, (2, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 2)
    cv2.imwrite(str(path), image)


def test_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = start(
        tmp_path / "tiny.safetensors",
        "recognition",
        RECOGNIZER,
        charset="0123456789abcdefghijklmnopqrstuvwxyz",
        preprocessing={"mean": 127.5, "std": 127.5, **SIZE},
    )
    labels = []
    for number in range(10):
        written(tmp_path / f"{number}.png", str(number) * 2)
        labels.append(f"{number}.png {number}{'é' if number % 2 else number}\n")
    (tmp_path / "labels.txt").write_text("".join(labels) + "gone.png 12\n", encoding="utf-8")
    out = tmp_path / "out"
    options = ["--start", own, "--out", out, "--iterations", 12, "--batch-size", 4, "--draw", 0]
    run(cli, list(map(str, ["train", "words", tmp_path / "labels.txt", *options])))
    printed = capsys.readouterr().out
    assert "left out: 1 without a readable image" in printed
    assert "alphabet: 37 characters, 1 of them new to tiny" in printed
    assert "8 words to train on, 2 held back" in printed
    assert f"use it: spotter spot PHOTO --recognizer {out / 'recognizer.onnx'}" in printed
    header = read_header(out / "recognizer.onnx")
    assert header["charset"].endswith("zé")
    assert header["recommended"] == {"min_score": 0.3, "language": None}
    held = [json.loads(line) for line in (out / "held_back.jsonl").read_text().splitlines()]
    train = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
    assert not {s["img_path"] for s in held} & {s["img_path"] for s in train}
    spotter = SceneTextSpotter(recognizer=out / "recognizer.onnx", runtime="onnx", threads=1)
    assert spotter.min_score == 0.3
    assert spotter.preset.language is None
    # The weights themselves open as well, without an export.
    (out / "recognizer.onnx").unlink()
    found = SceneTextSpotter(recognizer=out / "recognizer.safetensors", threads=1)
    assert "tiny" not in repr(found.preset.detector)
    photos = tmp_path / "photos.jsonl"
    lines = [{"img_path": f"{n}.png", "instances": []} for n in range(6)]
    photos.write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(ConfigError, match="is for recognition, not for detection"):
        run(cli, ["train", "photos", str(photos), "--start", str(own), "--out", str(out)])


def test_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = {"mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4]}
    size = {"limit_side": 96, "limit_type": "max", "size_divisor": 32}
    own = start(tmp_path / "tiny.safetensors", "detection", DETECTOR, preprocessing=values | size)
    lines = []
    rng = np.random.default_rng(0)
    for number in range(6):
        photo = rng.integers(0, 60, (96, 96, 3)).astype(np.uint8)
        photo[30:60, 20:80] = 240
        cv2.imwrite(str(tmp_path / f"{number}.png"), photo)
        polygon = [[20, 30], [80, 30], [80, 60], [20, 60]]
        words = [{"polygon": polygon, "text": "ab", "ignore": False}]
        lines.append(json.dumps({"img_path": f"{number}.png", "instances": words}))
    (tmp_path / "labels.jsonl").write_text("\n".join(lines))
    out = tmp_path / "out"
    options = ["--start", own, "--out", out, "--iterations", 2, "--batch-size", 1]
    run(cli, list(map(str, ["train", "photos", tmp_path / "labels.jsonl", *options])))
    printed = capsys.readouterr().out
    assert "5 photos to train on, 1 held back" in printed
    assert "words of held-back photos: before hmean" in printed
    better = "use it: spotter spot PHOTO --detector" in printed
    # Two iterations of an untrained network hardly find anything: the start is then kept.
    assert better == (out / "detector.onnx").is_file()
    assert better != ("nothing is written" in printed)
    (tmp_path / "few.jsonl").write_text("\n".join(lines[:3]))
    with pytest.raises(ConfigError, match="at least 5 are needed"):
        run(cli, list(map(str, ["train", "photos", tmp_path / "few.jsonl", *options])))


def test_a_config_is_still_a_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.py: no such config file"):
        run(cli, ["train", str(tmp_path / "gone.py")])
    with pytest.raises(ConfigError, match=r"gone\.py: no such config file"):
        run(cli, ["train", "--amp", str(tmp_path / "gone.py")])
