"""Names to files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import ConfigError, WeightsError
from spotter.hub.resolution import language_file, resolve_preset, weights_file
from spotter.pipeline.multi_scale import MAX_PASSES


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    for name in ("dbnet.onnx", "dbnet.safetensors", "ctc.onnx", "ctc.safetensors", "trba.onnx"):
        (tmp_path / name).touch()
    presets = {
        "default": {"detector": "dbnet", "recognizer": "ctc", "min_score": 0.4},
        "accurate": {"detector": "dbnet", "recognizer": "trba"},
    }
    (tmp_path / "presets.json").write_text(json.dumps(presets))
    return tmp_path


def test_names(weights: Path) -> None:
    preset = resolve_preset(weights=weights)
    assert (preset.detector, preset.recognizer) == (weights / "dbnet.onnx", weights / "ctc.onnx")
    assert preset.min_score == 0.4
    assert (
        resolve_preset(runtime="torch", weights=weights).detector == weights / "dbnet.safetensors"
    )
    assert resolve_preset("accurate", weights=weights).min_score == 0.0
    assert weights_file("trba", "onnx", weights) == weights / "trba.onnx"


def test_a_part_of_the_preset_may_be_replaced(weights: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.touch()
    preset = resolve_preset(recognizer=own, weights=weights)
    assert (preset.detector, preset.recognizer) == (weights / "dbnet.onnx", own)
    # With both given, the named preset need not exist.
    assert resolve_preset("nothing", own, own, weights=weights / "empty").detector == own


def test_a_preset_file_names_files_beside_it(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "rec.onnx").touch()
    file = folder / "preset.json"
    file.write_text(json.dumps({"detector": "dbnet", "recognizer": "rec.onnx"}))
    preset = resolve_preset(file, weights=weights)
    assert (preset.detector, preset.recognizer) == (weights / "dbnet.onnx", folder / "rec.onnx")


def test_the_runtime_picks_the_sibling(weights: Path) -> None:
    assert weights_file(weights / "ctc.safetensors", "onnx", weights) == weights / "ctc.onnx"
    (weights / "ctc.onnx").unlink()
    with pytest.raises(WeightsError, match=r"ctc\.onnx; make it with spotter export"):
        weights_file(weights / "ctc.safetensors", "onnx", weights)


def test_auto_takes_the_newer_of_two_siblings(weights: Path) -> None:
    own, exported = weights / "ctc.safetensors", weights / "ctc.onnx"
    os.utime(own, (1000, 1000))
    os.utime(exported, (2000, 2000))
    assert weights_file(own, "auto", weights) == exported
    os.utime(own, (3000, 3000))
    assert weights_file(own, "auto", weights) == own
    exported.unlink()
    assert weights_file(own, "auto", weights) == own


def test_errors_say_what_there_is(weights: Path) -> None:
    with pytest.raises(ConfigError, match="shipped presets: accurate, default"):
        resolve_preset("fast", weights=weights)
    with pytest.raises(WeightsError, match=r"trba: .*\(of ctc, dbnet, trba\)"):
        resolve_preset("accurate", runtime="torch", weights=weights)
    with pytest.raises(WeightsError, match="no such weights file"):
        weights_file(weights / "gone.onnx", "onnx", weights)
    with pytest.raises(ConfigError, match="one file is no preset"):
        resolve_preset(weights / "ctc.onnx", weights=weights)
    with pytest.raises(ConfigError, match="runtime"):
        resolve_preset(runtime="tflite", weights=weights)
    (weights / "presets.json").write_text('{"default": {"detector": "dbnet"}}')
    with pytest.raises(ConfigError, match="default: recognizer is missing"):
        resolve_preset(weights=weights)


def test_language_models(weights: Path, tmp_path: Path) -> None:
    (weights / "english.npz").touch()
    assert resolve_preset(weights=weights).language is None
    assert language_file("english", weights) == weights / "english.npz"
    own = tmp_path / "own.npz"
    own.touch()
    assert language_file(own, weights) == own
    with pytest.raises(WeightsError, match=r"french: no such language model; shipped: english"):
        language_file("french", weights)
    preset = {"detector": "dbnet", "recognizer": "ctc", "language": "own.npz"}
    file = tmp_path / "preset.json"
    file.write_text(json.dumps(preset))
    assert resolve_preset(file, weights=weights).language == own


def test_calibrations(weights: Path, tmp_path: Path) -> None:
    assert resolve_preset(weights=weights).recognition_calibration is None
    parts = {"detection": {"temperature": 0.5, "bias": -1}, "recognition": {"temperature": 2}}
    entry = {"detector": "dbnet", "recognizer": "ctc", "calibration": parts}
    (weights / "presets.json").write_text(json.dumps({"default": entry}))
    preset = resolve_preset(weights=weights)
    assert preset.detection_calibration == ScoreCalibration(0.5, -1.0)
    assert preset.recognition_calibration == ScoreCalibration(2.0)
    assert preset.found_calibration is None
    parts["found"] = {"temperature": 3}
    (weights / "presets.json").write_text(json.dumps({"default": entry}))
    assert resolve_preset(weights=weights).found_calibration == ScoreCalibration(3.0)
    # Another detector finds other words.
    (weights / "other.onnx").touch()
    preset = resolve_preset(detector="other", weights=weights)
    assert preset.found_calibration is None
    assert preset.detection_calibration is None
    assert preset.recognition_calibration == ScoreCalibration(2.0)
    # Another network has other scores.
    preset = resolve_preset(recognizer="trba", weights=weights)
    assert preset.detection_calibration == ScoreCalibration(0.5, -1.0)
    assert preset.recognition_calibration is None
    # The preset's own network, named once more, is no other one.
    preset = resolve_preset(recognizer=weights / "ctc.onnx", weights=weights)
    assert preset.recognition_calibration == ScoreCalibration(2.0)
    assert preset.dropped == ()
    for faulty in ({"language": {}}, [1], {"detection": {"temperature": 0}}, {"detection": 1}):
        entry["calibration"] = faulty
        (weights / "presets.json").write_text(json.dumps({"default": entry}))
        with pytest.raises(ConfigError, match="calibration"):
            resolve_preset(weights=weights)


def test_the_presets_that_ship() -> None:
    names = ("default", "fast", "accurate", "plain")
    default, fast, accurate, plain = (resolve_preset(name) for name in names)
    # Photos at their own size first.
    assert [preset.scale for preset in (fast, default, accurate, plain)] == [1.0] * 4
    # The one that takes more time searches wider, and reads more words again.
    assert isinstance(accurate.language, dict)
    assert isinstance(default.language, dict)
    assert accurate.language["min_prob"] < default.language["min_prob"]
    assert accurate.test_time_augmentation.below > default.test_time_augmentation.below
    # Fast reads every word once, and looks at photos at one scale.
    assert fast.test_time_augmentation is None
    assert fast.finer_passes == 0
    assert isinstance(fast.language, dict)
    assert "rescoring" not in fast.language
    for preset in (default, accurate, plain):
        assert preset.test_time_augmentation is not None
    assert default.finer_passes == MAX_PASSES
    assert fast.postprocessing
    assert default.postprocessing
    assert accurate.postprocessing
    assert plain.language is None
    for preset in (default, fast, accurate, plain):
        assert preset.detection_calibration is not None
        assert preset.recognition_calibration is not None
    for preset in (default, fast, accurate):
        assert set(preset.recognition_calibration.kinds) == {"letters", "digits", "marks"}
