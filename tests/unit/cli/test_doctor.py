"""spotter doctor: the report, its reasons, and its status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from spotter.cli import doctor as module
from spotter.cli.doctor import choice, doctor, installed, presets, processor

X86 = """processor : 0
model name : Some Processor
flags : fpu sse4_1 avx2 fma avx512_bf16 amx_bf16
processor : 1
model name : Another
flags : fpu
"""
ARM = "processor : 0\nFeatures : fp asimd asimddp bf16 sve2\n"


def test_report_of_the_drawn_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMED", 1)
    answer = CliRunner().invoke(doctor, ["--json", "--threads", "1"], standalone_mode=False)
    found = json.loads(answer.output)
    assert answer.return_value == 0
    assert set(found["photo"]["words"]) >= {"EXIT", "OPEN"}
    assert found["photo"]["seconds of the first"] > 0
    assert set(found["presets"]) == {"default", "fast", "accurate", "plain"}
    assert found["packages"]["core"]["numpy"]
    assert found["runtimes"]["onnx"].startswith("ONNX Runtime ")


def test_a_photo_that_cannot_be_read_is_status_1(tmp_path: Path) -> None:
    answer = CliRunner().invoke(doctor, [str(tmp_path / "no.jpg")], standalone_mode=False)
    assert answer.return_value == 1
    assert "no such file" in " ".join(answer.output.split())


def test_a_model_that_is_not_there_is_status_1() -> None:
    answer = CliRunner().invoke(doctor, ["--model", "best", "--json"], standalone_mode=False)
    assert answer.return_value == 1
    assert "no model 'best'" in json.loads(answer.output)["photo"]["error"]


@pytest.mark.parametrize(
    ("bfloat16", "openvino", "device", "taken", "reason"),
    [
        (True, True, "cpu", "openvino", "computes in bfloat16"),
        (True, False, "cpu", "onnx", "scene-text-spotter[openvino]"),
        (False, True, "cpu", "onnx", "no instructions for bfloat16"),
        (True, True, "cuda:0", "onnx", "the device is cuda:0"),
    ],
)
def test_runtime_and_reason(
    bfloat16: bool,
    openvino: bool,
    device: str,
    taken: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "computes_in_bfloat16", lambda: bfloat16)
    monkeypatch.setattr(
        module, "is_quicker", lambda device: device == "cpu" and openvino and bfloat16
    )
    name, why = choice("auto", device)
    assert name == taken
    assert reason in why
    assert choice("torch", device) == ("torch", "as asked for")
    assert {each["runtime"] for each in presets("auto", device).values()} == {taken}


def test_processor(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(X86)
    found = processor(file)
    assert found["name"] == "Some Processor"
    assert found["instructions"] == ["sse4_1", "avx2", "fma", "avx512_bf16", "amx_bf16"]
    assert found["bfloat16"] is True
    file.write_text(ARM)
    assert processor(file)["instructions"] == ["asimd", "asimddp", "bf16"]
    assert processor(tmp_path / "none")["instructions"] == []
    assert processor(tmp_path / "none")["cores of this process"] >= 1


def test_packages_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed()["core"]["numpy"]
    monkeypatch.setattr(module, "_PACKAGES", {"": ("numpy",), "x": ("surely-no-such-package",)})
    assert installed()["x"] == {"surely-no-such-package": None}
