"""A network of one's own in the place of a preset's brings its own rules, or none."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch

from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import WeightsError
from spotter.hub.resolution import resolve_preset
from spotter.pipeline.word_recognizer import tell_dropped
from spotter.training.header import make_header
from spotter.training.weights import save_weights

SIGMOID = {"temperature": 2.0, "bias": -0.5}


def network(path: Path, task: str, recommended: dict[str, Any]) -> Path:
    config = {"type": "X", "prediction": {"type": "CTCPrediction"}, "postprocessor": {}}
    header = make_header(task, path.stem, config, "ab", recommended=recommended)
    save_weights(path, {"w": torch.zeros(1)}, header)
    return path


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for name in ("det.safetensors", "rec.safetensors", "english.npz"):
        (tmp_path / name).touch()
    preset = {
        "detector": "det",
        "recognizer": "rec",
        "min_score": 0.35,
        "language": "english",
        "calibration": {"detection": SIGMOID, "recognition": SIGMOID, "found": SIGMOID},
        "scale": 1.5,
    }
    (tmp_path / "presets.json").write_text(json.dumps({"default": preset}))
    return tmp_path


def test_a_recognizer_without_rules_has_none(weights: Path, tmp_path: Path) -> None:
    own = network(tmp_path / "own.safetensors", "recognition", {})
    preset = resolve_preset(recognizer=own, runtime="torch", weights=weights)
    assert (preset.language, preset.min_score) == (None, 0.0)
    assert preset.recognition_calibration is None
    assert preset.found_calibration is None
    # The detector is the preset's still.
    assert preset.detection_calibration == ScoreCalibration(2.0, -0.5)
    assert preset.scale == 1.5
    assert preset.dropped == ("language", "calibration", "min_score")


def test_a_recognizer_brings_its_rules(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    rules = {
        "language": "german.npz",
        "min_score": 0.2,
        "calibration": {"recognition": {"temperature": 3.0}},
    }
    own = network(folder / "own.safetensors", "recognition", rules)
    preset = resolve_preset(recognizer=own, runtime="torch", weights=weights)
    assert preset.language == folder / "german.npz"
    assert preset.min_score == 0.2
    assert preset.recognition_calibration == ScoreCalibration(3.0)
    assert preset.dropped == ()
    # "None" is a rule as well.
    own = network(folder / "none.safetensors", "recognition", {**rules, "language": None})
    preset = resolve_preset(recognizer=own, runtime="torch", weights=weights)
    assert preset.language is None
    assert preset.dropped == ()
    # With both replaced, no preset is asked for, and yet the rules hold.
    preset = resolve_preset("?", own, own, "torch", weights)
    assert preset.min_score == 0.2


def test_a_detector_drops_scale_and_calibration(weights: Path, tmp_path: Path) -> None:
    own = network(
        tmp_path / "own.safetensors", "detection", {"calibration": {"detection": SIGMOID}}
    )
    preset = resolve_preset(detector=own, runtime="torch", weights=weights)
    assert preset.detection_calibration == ScoreCalibration(2.0, -0.5)
    assert preset.found_calibration is None
    assert preset.recognition_calibration == ScoreCalibration(2.0, -0.5)
    assert (preset.scale, preset.min_score, preset.language) == (None, 0.0, "english")
    assert preset.dropped == ("min_score",)


@pytest.mark.parametrize(
    "rules",
    [
        {"language": "../secret.npz"},
        {"language": "/etc/x.npz"},
        {"language": ".."},
        {"min_score": 2.0},
        {"threshold": 0.5},
        {"calibration": {"detection": SIGMOID}},
    ],
)
def test_faulty_rules_are_refused(rules: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="recommended"):
        network(tmp_path / "own.safetensors", "recognition", rules)


def test_one_line_names_what_is_dropped(
    weights: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = network(tmp_path / "own.safetensors", "recognition", {"min_score": 0.3})
    preset = resolve_preset(recognizer=own, runtime="torch", weights=weights)
    with caplog.at_level(logging.WARNING):
        tell_dropped(preset, language=True, calibration=True)
        tell_dropped(preset, language=False, calibration=False)
    assert caplog.messages == [
        "own.safetensors brings no language model and calibration of scores;"
        " those of the preset are dropped"
    ]
