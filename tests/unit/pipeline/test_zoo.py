"""Names to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import ConfigError, WeightsError
from spotter.hub.zoo import language_file, resolve_pair, weights_file


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    for name in ("dbnet.onnx", "dbnet.safetensors", "ctc.onnx", "ctc.safetensors", "trba.onnx"):
        (tmp_path / name).touch()
    pairs = {
        "default": {"detector": "dbnet", "recognizer": "ctc", "min_score": 0.4},
        "accurate": {"detector": "dbnet", "recognizer": "trba"},
    }
    (tmp_path / "zoo.json").write_text(json.dumps(pairs))
    return tmp_path


def test_names(zoo: Path) -> None:
    pair = resolve_pair(zoo=zoo)
    assert (pair.detector, pair.recognizer) == (zoo / "dbnet.onnx", zoo / "ctc.onnx")
    assert pair.min_score == 0.4
    assert resolve_pair(runtime="torch", zoo=zoo).detector == zoo / "dbnet.safetensors"
    assert resolve_pair("accurate", zoo=zoo).min_score == 0.0
    assert weights_file("trba", "onnx", zoo) == zoo / "trba.onnx"


def test_one_of_the_pair_may_be_replaced(zoo: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.touch()
    pair = resolve_pair(recognizer=own, zoo=zoo)
    assert (pair.detector, pair.recognizer) == (zoo / "dbnet.onnx", own)
    # With both given, the named pair need not exist.
    assert resolve_pair("nothing", own, own, zoo=zoo / "empty").detector == own


def test_a_pair_file_names_files_beside_it(zoo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "rec.onnx").touch()
    file = folder / "pair.json"
    file.write_text(json.dumps({"detector": "dbnet", "recognizer": "rec.onnx"}))
    pair = resolve_pair(file, zoo=zoo)
    assert (pair.detector, pair.recognizer) == (zoo / "dbnet.onnx", folder / "rec.onnx")


def test_the_runtime_picks_the_sibling(zoo: Path) -> None:
    assert weights_file(zoo / "ctc.safetensors", "onnx", zoo) == zoo / "ctc.onnx"
    (zoo / "ctc.onnx").unlink()
    with pytest.raises(WeightsError, match=r"ctc\.onnx; make it with tools/export\.py"):
        weights_file(zoo / "ctc.safetensors", "onnx", zoo)


def test_errors_say_what_there_is(zoo: Path) -> None:
    with pytest.raises(ConfigError, match="the zoo has accurate, default"):
        resolve_pair("fast", zoo=zoo)
    with pytest.raises(WeightsError, match=r"trba: .*\(of ctc, dbnet, trba\)"):
        resolve_pair("accurate", runtime="torch", zoo=zoo)
    with pytest.raises(WeightsError, match="no such weights file"):
        weights_file(zoo / "gone.onnx", "onnx", zoo)
    with pytest.raises(ConfigError, match="one file is no pair"):
        resolve_pair(zoo / "ctc.onnx", zoo=zoo)
    with pytest.raises(ConfigError, match="runtime"):
        resolve_pair(runtime="tflite", zoo=zoo)
    (zoo / "zoo.json").write_text('{"default": {"detector": "dbnet"}}')
    with pytest.raises(ConfigError, match="default: recognizer is missing"):
        resolve_pair(zoo=zoo)


def test_language_models(zoo: Path, tmp_path: Path) -> None:
    (zoo / "english.npz").touch()
    assert resolve_pair(zoo=zoo).language is None
    assert language_file("english", zoo) == zoo / "english.npz"
    own = tmp_path / "own.npz"
    own.touch()
    assert language_file(own, zoo) == own
    with pytest.raises(WeightsError, match=r"french: no such language model; the zoo has english"):
        language_file("french", zoo)
    pair = {"detector": "dbnet", "recognizer": "ctc", "language": "own.npz"}
    file = tmp_path / "pair.json"
    file.write_text(json.dumps(pair))
    assert resolve_pair(file, zoo=zoo).language == own


def test_calibrations(zoo: Path, tmp_path: Path) -> None:
    assert resolve_pair(zoo=zoo).recognition_calibration is None
    parts = {"detection": {"temperature": 0.5, "bias": -1}, "recognition": {"temperature": 2}}
    entry = {"detector": "dbnet", "recognizer": "ctc", "calibration": parts}
    (zoo / "zoo.json").write_text(json.dumps({"default": entry}))
    pair = resolve_pair(zoo=zoo)
    assert pair.detection_calibration == ScoreCalibration(0.5, -1.0)
    assert pair.recognition_calibration == ScoreCalibration(2.0)
    assert pair.found_calibration is None
    parts["found"] = {"temperature": 3}
    (zoo / "zoo.json").write_text(json.dumps({"default": entry}))
    assert resolve_pair(zoo=zoo).found_calibration == ScoreCalibration(3.0)
    # Another detector finds other words.
    pair = resolve_pair(detector="dbnet", zoo=zoo)
    assert pair.found_calibration is None
    assert pair.recognition_calibration == ScoreCalibration(2.0)
    # Another network has other scores.
    pair = resolve_pair(recognizer="trba", zoo=zoo)
    assert pair.detection_calibration == ScoreCalibration(0.5, -1.0)
    assert pair.recognition_calibration is None
    for faulty in ({"language": {}}, [1], {"detection": {"temperature": 0}}, {"detection": 1}):
        entry["calibration"] = faulty
        (zoo / "zoo.json").write_text(json.dumps({"default": entry}))
        with pytest.raises(ConfigError, match="calibration"):
            resolve_pair(zoo=zoo)


def test_the_pairs_that_ship() -> None:
    names = ("default", "fast", "accurate", "plain")
    default, fast, accurate, plain = (resolve_pair(name) for name in names)
    zooms = [pair.zoom or 0 for pair in (fast, default, accurate)]
    assert 0 < zooms[0] < zooms[1] < zooms[2]
    assert plain.zoom == default.zoom
    assert fast.postprocessing
    assert default.postprocessing
    assert accurate.postprocessing
    assert plain.language is None
    for pair in (default, fast, accurate, plain):
        assert pair.detection_calibration is not None
        assert pair.recognition_calibration is not None
        assert pair.second_look is not None
    for pair in (default, fast, accurate):
        assert set(pair.recognition_calibration.kinds) == {"letters", "digits", "marks"}
