"""Presets are plain data with types and ranges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import ConfigError
from spotter.hub.plain_files import read_plain_file
from spotter.hub.presets import Preset, parse_preset, read_preset, read_presets
from spotter.hub.resolution import WEIGHTS_FOLDER, resolve_preset

NAMES = {"detector": "dbnet", "recognizer": "ctc"}


def test_the_shipped_presets() -> None:
    presets = read_presets(WEIGHTS_FOLDER / "presets.json")
    for name, settings in presets.items():
        preset = parse_preset(settings, name, "weights")
        assert preset.detector == settings["detector"]
        assert set(preset.calibration) == set(settings["calibration"])
        assert preset.test_time_augmentation == settings.get("test_time_augmentation")


def test_a_preset_of_json_and_of_toml(tmp_path: Path) -> None:
    settings = {**NAMES, "min_score": 1, "calibration": {"found": {"temperature": 2}}}
    (tmp_path / "own.json").write_text(json.dumps(settings))
    (tmp_path / "own.toml").write_text(
        'detector = "dbnet"\nrecognizer = "ctc"\nmin_score = 1\n'
        "[calibration.found]\ntemperature = 2\n"
    )
    expected = Preset("own", "dbnet", "ctc", 1.0, calibration={"found": ScoreCalibration(2.0, 0.0)})
    assert read_preset(tmp_path / "own.json") == read_preset(tmp_path / "own.toml") == expected


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"detector": 3}, "detector must be a text"),
        ({"recognizer": "a\0b"}, "recognizer must be a text"),
        ({"scale": 0}, "scale must be a number in 0.01..100, not 0"),
        ({"scale": float("nan")}, "scale must be"),
        ({"min_score": "0.5"}, "min_score must be a number in 0..1"),
        ({"crop_margin": 1e300}, "crop_margin must be"),
        ({"language": {"weight": 1}}, "language must be a name, or an object"),
        ({"language": {"model": "english", "beam": -1}}, "language must be"),
        ({"test_time_augmentation": True}, "test_time_augmentation must be an object"),
        (
            {"test_time_augmentation": {"below": 1, "views": [{"tilt": True}]}},
            "test_time_augmentation.views[0].tilt",
        ),
        (
            {"test_time_augmentation": {"below": 1, "views": [{"stretch": 0}]}},
            "views[0].stretch must be",
        ),
        ({"test_time_augmentation": {"below": 1}}, "test_time_augmentation.views is missing"),
        ({"thorough": 1}, "thorough must be"),
        ({"lengthen_words": "no"}, "lengthen_words must be"),
        ({"finer_passes": -1}, "finer_passes must be"),
        ({"finer_passes": 1.5}, "finer_passes must be"),
        ({"postprocessing": {"min_score": None}}, "postprocessing.min_score must be a number"),
        ({"postprocessing": {"unclip": 1}}, "postprocessing.unclip is unknown"),
        ({"calibration": {"found": {"temperature": 0}}}, "calibration.found.temperature"),
        ({"calibration": {"found": {"bias": 1e400}}}, "calibration.found.bias"),
        ({"custom_imports": {}}, "custom_imports is unknown"),
    ],
)
def test_faulty_presets_name_the_key(changes: dict[str, Any], says: str) -> None:
    assert parse_preset(NAMES, "own", "file").min_score == 0.0
    with pytest.raises(ConfigError) as caught:
        parse_preset({**NAMES, **changes}, "own", "file")
    assert str(caught.value).startswith("file: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_faulty_preset_leaves_the_others(tmp_path: Path) -> None:
    for name in ("dbnet.onnx", "ctc.onnx"):
        (tmp_path / name).touch()
    presets = {"good": NAMES, "later": {**NAMES, "new_key": 1}}
    (tmp_path / "presets.json").write_text(json.dumps(presets))
    assert (
        resolve_preset("good", runtime="onnx", weights=tmp_path).recognizer == tmp_path / "ctc.onnx"
    )
    with pytest.raises(ConfigError, match=r"presets\.json: later: new_key is unknown"):
        resolve_preset("later", runtime="onnx", weights=tmp_path)


def test_programs_are_not_settings(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ConfigError, match="are not run"):
        read_plain_file(file)
    assert not (tmp_path / "ran").exists()
    (tmp_path / "large.json").write_text(json.dumps(["x" * 3000]))
    with pytest.raises(ConfigError, match="more than the limit of 2000 bytes"):
        read_plain_file(tmp_path / "large.json", max_bytes=2000)


@pytest.mark.parametrize("text", ["{}=1", "[{}]", "x = {{ {} = 1 }}"])
def test_names_of_ever_so_many_parts_take_no_time(tmp_path: Path, text: str) -> None:
    file = tmp_path / "own.toml"
    # The reader of TOML would take hours.
    file.write_text(text.format(' . "b". '.join(["a"] * 1_000_000)))
    with pytest.raises(ConfigError, match=r"own\.toml: is not TOML \(a name of more than 32 parts"):
        read_plain_file(file, max_bytes=16 << 20)
    file.write_text("a" + ".a" * 31 + ' = ["0.5.1", 0.5]')
    assert list(read_plain_file(file)) == ["a"]
