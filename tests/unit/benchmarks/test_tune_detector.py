"""Input size and thresholds of a detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import tune_detector
from benchmarks.tune_detector import Choice, ProbabilityMap, apply_choice, best_choice
from spotter.errors import ConfigError
from spotter.evaluation.matching import as_instances
from spotter.evaluation.protocols.detection import evaluate_detection
from spotter.registry import MODELS
from spotter.runtime.runtimes import open_runtime
from spotter.structures import TextInstance
from spotter.training.header import make_header
from spotter.training.weights import load_state, read_header, save_weights
from tests.unit.benchmarks.conftest import encoded
from tests.unit.pipeline.networks import bright_detector, photo


def word(x: float, y: float, width: float, height: float) -> TextInstance:
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return TextInstance(np.array(corners, np.float32), "word")


def test_the_best_thresholds_are_found() -> None:
    probability = np.zeros((100, 200), np.float16)
    # A word, and something that is none and less sure; both within less sure rims.
    probability[18:42, 18:102] = 0.45
    probability[20:40, 20:100] = 0.9
    probability[60:80, 20:100] = 0.72
    found = ProbabilityMap(probability, (1.0, 1.0), (100, 200), 5.0)
    # 80 x 20 grown by 1600 * 1.4 / 200 = 11.2 on each side.
    truths = {"a": as_instances([word(8.8, 8.8, 102.4, 42.4)])}
    choice = best_choice(1.3, {"a": found}, truths)
    assert choice.scores.hmean == 1.0
    # Everything that tells the two apart will do: a threshold between their scores.
    assert 0.72 < choice.options["min_score"] <= 0.9
    assert choice.input_size == (200, 100)
    assert choice.milliseconds >= 5.0
    assert choice.cells()[:2] == ["1.3", "200x100"]


def test_the_command(
    validation_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detector = bright_detector(tmp_path / "bright.onnx")
    photos = validation_root / "icdar2015_train"
    for number in (901, 902):
        # What is found reaches beyond what is bright.
        (photos / f"gt/gt_img_{number}.txt").write_text("170,70,390,70,390,190,170,190,word\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    for number in range(4):
        boxes = [(200, 100, 160, 60)] if number == 0 else []
        (empty / f"{number}.png").write_bytes(encoded(photo(640, 360, boxes)))
    page = tmp_path / "docs" / "sizes.md"
    options = [str(detector), "--data", str(validation_root), "--threads", "1"]
    options += ["--empty", str(empty), "--markdown", str(page), "--scale"]
    tune_detector.main([*options, "0.5", "1"])
    assert "hmean" in capsys.readouterr().out
    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    sizes = {row[0].strip("| "): row for row in rows[2:]}
    # The header's bound of 512 holds at scale 1.
    assert sizes["1"][1] == "512x288"
    assert sizes["0.5"][1] == "256x128"
    assert sizes["1"][9] == "100.0"
    assert sizes["1"][10].strip(" |") == "0.25"
    with pytest.raises(ConfigError, match="--scale"):
        tune_detector.main([*options, "1", "--write", "2"])
    log = tmp_path / "log.jsonl"
    log.write_text('{"score": 0.1}\n{"score": 0.2}\n')
    tune_detector.main([*options, "1", "--log", str(log), "2"])
    assert log.read_text() == '{"score": 0.1}\n{"score": 0.2, "tuned_score": 1.0}\n'
    with pytest.raises(ConfigError, match="no session 3; there are 2"):
        tune_detector.main([*options, "1", "--log", str(log), "3"])


def test_a_choice_is_written_into_the_weights(tmp_path: Path) -> None:
    config = {
        "type": "DBNet",
        "backbone": {"type": "MobileNetV3Large"},
        "neck": {"type": "FPNC", "lateral_channels": 8, "out_channels": 4},
        "head": {"type": "DBHead", "hidden": 4},
        "postprocessor": {"type": "DBPostprocessor", "unclip_ratio": 1.5},
    }
    preprocessing = {
        "mean": [123.7, 116.3, 103.5],
        "std": [58.4, 57.1, 57.4],
        "limit_side": 1300,
        "limit_type": "max",
        "size_divisor": 32,
        "scale": 1.3,
    }
    file = tmp_path / "tiny.safetensors"
    header = make_header("detection", "tiny", config, preprocessing=preprocessing)
    save_weights(file, MODELS.build(config), header, half=True)
    before = load_state(file)
    options = {"binary_threshold": 0.4, "min_score": 0.6, "unclip_ratio": 1.8}
    scores = evaluate_detection([[word(0, 0, 9, 9)]], [[word(0, 0, 9, 9)]])
    choice = Choice(1.6, (0, 0), 0.0, options, scores)
    assert apply_choice(str(file), choice) == file
    for read in (
        read_header(file),
        open_runtime(file.with_suffix(".onnx"), "detection", "onnx").header,
    ):
        assert read["preprocessing"]["scale"] == 1.6
        assert read["preprocessing"]["limit_side"] == 1600
        assert {key: read["postprocessing"][key] for key in options} == options
        assert read["card"]["score"] == read["card"]["metrics"]["detection/hmean"] == 1.0
    after = load_state(file)
    assert all((after[name] == tensor).all() for name, tensor in before.items())
