"""The release gate scores weights in the preset that they will be part of."""

import json
from pathlib import Path

import pytest

from research.release.gate import GateResult, run_release_gate
from spotter.errors import ConfigError
from spotter.pipeline import SceneTextSpotter
from tests.unit.benchmarks.conftest import (
    encoded,
    validation_root,  # noqa: F401
)
from tests.unit.pipeline import networks
from tests.unit.pipeline.networks import bright_detector, digit_kernel, digit_recognizer, photo

PARTS = (("detector", "bright"), ("recognizer", "digits"))


@pytest.fixture
def weights_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "weights_folder"
    folder.mkdir()
    bright_detector(folder / "bright.onnx")
    digit_recognizer(folder / "digits.onnx")
    preset = {
        "detector": "bright",
        "recognizer": "digits",
        "calibration": {"recognition": {"temperature": 5.0, "bias": 3.0}},
    }
    (folder / "presets.json").write_text(json.dumps({"default": preset}))
    return folder


def test_equal_weights_are_not_better(
    weights_folder: Path,
    validation_root: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    digit_recognizer(tmp_path / "candidate.onnx")
    found = run_release_gate(
        "recognizer", "digits", tmp_path / "candidate.safetensors", weights_folder, validation_root
    )
    assert found is not None
    # Of the words, one of four has a wrong label; the photos' words are not there to be read.
    assert found.candidate == found.shipped
    assert found.candidate["words exact"] == found.candidate["words folded"] == 0.75
    assert not found.better
    assert list(tmp_path.glob("gate_*")) == []


def test_a_better_recognizer_is_better(
    weights_folder: Path,
    validation_root: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digit_recognizer(tmp_path / "candidate.onnx")
    monkeypatch.setattr(networks, "digit_kernel", lambda: -digit_kernel())
    digit_recognizer(weights_folder / "digits.onnx")
    found = run_release_gate(
        "recognizer", "digits", tmp_path / "candidate.safetensors", weights_folder, validation_root
    )
    assert found is not None
    assert (found.candidate["words exact"], found.shipped["words exact"]) == (0.75, 0.0)
    assert found.better
    assert "words exact 0.750 (0.000), words folded 0.750 (0.000)" in str(found)
    turned = GateResult(found.shipped, found.candidate)
    assert not turned.better


def test_a_blind_detector_is_worse(
    weights_folder: Path,
    validation_root: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    for number in (901, 902):
        # What is found reaches beyond what is bright.
        label = "170,70,390,70,390,190,170,190,12345678\n"
        (validation_root / f"icdar2015_train/gt/gt_img_{number}.txt").write_text(label)
    bright_detector(tmp_path / "candidate.onnx", std=[1e4, 1e4, 1e4])
    found = run_release_gate(
        "detector", "bright", tmp_path / "candidate.safetensors", weights_folder, validation_root
    )
    assert found is not None
    assert set(found.shipped) == {"detection", "end to end"}
    assert (found.candidate["detection"], found.shipped["detection"]) == (0.0, 1.0)
    assert not found.better


def test_pictures_with_lists_of_words_are_scored(
    weights_folder: Path,
    validation_root: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    cases = validation_root / "cases"
    cases.mkdir()
    picture = photo(640, 360, [(200, 100, 160, 60)])
    (cases / "a.png").write_bytes(encoded(picture))
    preset = tmp_path / "preset.json"
    preset.write_text(
        json.dumps({name: str(weights_folder / f"{file}.onnx") for name, file in PARTS})
    )
    (word,) = SceneTextSpotter(preset, threads=1, min_score=0.0).spot(picture).instances
    # What is read, and a word that is not there: one of two, none false.
    (cases / "expected.json").write_text(json.dumps({"a.png": [word.text, "other"]}))
    bright_detector(tmp_path / "candidate.onnx", std=[1e4, 1e4, 1e4])
    found = run_release_gate(
        "detector", "bright", tmp_path / "candidate.safetensors", weights_folder, validation_root
    )
    assert found is not None
    assert found.shipped["listed words"] == pytest.approx(2 / 3)
    assert found.candidate["listed words"] == 0.0


def test_nothing_to_compare_with(
    weights_folder: Path,
    validation_root: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    candidate = digit_recognizer(tmp_path / "candidate.onnx").with_suffix(".safetensors")
    assert (
        run_release_gate("recognizer", "another", candidate, weights_folder, validation_root)
        is None
    )
    assert run_release_gate("recognizer", "digits", candidate, tmp_path, validation_root) is None
    with pytest.raises(ConfigError, match="needs words and photos"):
        run_release_gate("recognizer", "digits", candidate, weights_folder, weights_folder)
    (weights_folder / "bright.onnx").unlink()
    assert (
        run_release_gate("recognizer", "digits", candidate, weights_folder, validation_root) is None
    )
