"""Runs command lines in this process."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.unit.pipeline.networks import bright_detector, digit_recognizer

ROOT = Path(__file__).resolve().parents[2]


def load_tool(path: str) -> ModuleType:
    """The module of a script below the root of the repository."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run_script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``run_script("tools/x.py", *arguments)``."""

    def run(path: str, *arguments: object) -> None:
        monkeypatch.setattr(sys, "argv", [path, *map(str, arguments)])
        load_tool(path).main()

    return run


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name the two tiny networks."""
    folder = tmp_path_factory.mktemp("models")
    detector = bright_detector(folder / "bright.onnx")
    recognizer = digit_recognizer(folder / "digits.onnx")
    return ["--detector", str(detector), "--recognizer", str(recognizer), "--threads", "1"]
