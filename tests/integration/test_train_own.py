"""``spotter train words`` and ``photos``, from labels to an ONNX file, with tiny networks."""

from __future__ import annotations

import errno
import json
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from spotter.cli.commands import run
from spotter.cli.main import cli
from spotter.errors import ConfigError
from spotter.io.locks import OutputLock
from spotter.own_data import tuning
from spotter.pipeline import SceneTextSpotter
from spotter.registry import MODELS
from spotter.runtime.header import read_header
from spotter.training.header import make_header, register_models
from spotter.training.runner import SpotterRunner
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


@pytest.fixture
def words_command(tmp_path: Path) -> list[str]:
    """A command line that trains a tiny recognizer on ten words, into ``out``."""
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
    options = ["--start", own, "--out", tmp_path / "out", "--iterations", 12, "--batch-size", 4]
    return list(map(str, ["train", "words", tmp_path / "labels.txt", *options, "--draw", 0]))


def test_words(
    tmp_path: Path, words_command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    own, out = tmp_path / "tiny.safetensors", tmp_path / "out"
    run(cli, words_command)
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


class Iterations:
    """The iterations that are trained, and a signal before one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[int] = []
        self.signal: signal.Signals | None = None
        call_hook = SpotterRunner.call_hook

        def watched(runner: Any, name: str, **arguments: Any) -> None:
            if name == "before_train_iter":
                self.done.append(runner.iter)
                if self.signal is not None and len(self.done) == 3:
                    signal.raise_signal(self.signal)
            call_hook(runner, name, **arguments)

        monkeypatch.setattr(SpotterRunner, "call_hook", watched)

    def of(self, command: list[str], interrupted: signal.Signals | None = None) -> list[int]:
        self.done, self.signal = [], interrupted
        run(cli, command)
        return self.done


def test_an_interrupted_training_goes_on(
    tmp_path: Path,
    words_command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    iterations, out = Iterations(monkeypatch), tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        iterations.of(words_command, signal.SIGTERM)
    assert ended.value.code == 143
    assert iterations.done == [0, 1, 2]
    printed = capsys.readouterr()
    assert "use it" not in printed.out
    assert "the same command goes on" in printed.err
    assert not (out / "recognizer.onnx").exists()
    # Where it trains is no other setting.
    assert iterations.of([*words_command, "--device", "cpu"]) == [*range(3, 12)]
    assert "use it" in capsys.readouterr().out
    assert (out / "recognizer.onnx").is_file()
    # What is finished begins anew.
    assert iterations.of(words_command) == [*range(12)]


def test_another_training_does_not_go_on_with_an_interrupted_one(
    tmp_path: Path,
    words_command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    iterations = Iterations(monkeypatch)
    with pytest.raises(SystemExit) as ended:
        iterations.of(words_command, signal.SIGINT)
    assert ended.value.code == 130
    with pytest.raises(SystemExit):
        iterations.of([*words_command, "--lr", "2e-3"], signal.SIGINT)
    assert iterations.done == [0, 1, 2]
    assert "settings or labels have changed" in capsys.readouterr().out
    # The same paths with other words in them.
    labels = (tmp_path / "labels.txt").read_text(encoding="utf-8")
    (tmp_path / "labels.txt").write_text(labels.replace("é", "b"), encoding="utf-8")
    assert iterations.of([*words_command, "--lr", "2e-3"]) == [*range(12)]
    assert "settings or labels have changed" in capsys.readouterr().out


def test_a_training_that_could_not_be_exported_is_not_repeated(
    tmp_path: Path, words_command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    iterations = Iterations(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(tuning, "finish", full)
        with pytest.raises(OSError, match="No space"):
            iterations.of(words_command)
    assert iterations.done == [*range(12)]
    assert iterations.of(words_command) == []
    assert (tmp_path / "out" / "recognizer.onnx").is_file()


def test_two_trainings_do_not_share_a_folder(tmp_path: Path, words_command: list[str]) -> None:
    out = tmp_path / "out"
    with OutputLock(out, is_folder=True):
        for command in (words_command, ["train", "photos", "gone.jsonl", "--out", str(out)]):
            with pytest.raises(ConfigError, match="is being written by this process"):
                run(cli, command)
        assert not any(out.iterdir())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--lr", "nan"], "lr must be a number above 0, not nan"),
        (["--lr", "-1"], "lr must be a number above 0, not -1"),
        (["--minutes", "inf"], "minutes must be a number above 0, not inf"),
        (["--seed", "-1"], "seed must be from 0"),
        (["--min-score", "nan"], "min_score must be from 0 to 1, not nan"),
    ],
)
def test_values_out_of_range(options: list[str], says: str, words_command: list[str]) -> None:
    with pytest.raises(ConfigError, match=says):
        run(cli, [*words_command, *options])


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
