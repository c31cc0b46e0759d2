"""A spotter of two tiny ONNX networks."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.pipeline import SceneTextSpotter
from tests.unit.pipeline.networks import bright_detector, digit_recognizer


@pytest.fixture(scope="session")
def preset(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("preset")
    return {
        "detector": bright_detector(folder / "bright.onnx"),
        "recognizer": digit_recognizer(folder / "digits.onnx"),
    }


@pytest.fixture(scope="session")
def spotter(preset: dict[str, Path]) -> SceneTextSpotter:
    return SceneTextSpotter(**preset, threads=1)
