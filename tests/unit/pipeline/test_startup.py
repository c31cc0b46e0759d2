"""Starting on ONNX Runtime must not wait for torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CODE = """
import sys
from spotter import SceneTextSpotter
from spotter.io.images import read_image
spotter = SceneTextSpotter(detector=sys.argv[1], recognizer=sys.argv[2], threads=1)
print(sorted({"torch", "mmengine", "mmcv", "onnx", "scipy", "matplotlib"} & set(sys.modules)))
"""


def test_the_onnx_road_imports_no_torch(preset: dict[str, Path]) -> None:
    command = [sys.executable, "-c", CODE, str(preset["detector"]), str(preset["recognizer"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_packages_offer_their_names_when_asked() -> None:
    import spotter.data
    import spotter.models.detection
    import spotter.training
    from spotter.registry import MODELS

    for package in (spotter.data, spotter.models.detection, spotter.training):
        assert all(getattr(package, name) is not None for name in dir(package))
        assert not hasattr(package, "no_such_name")
    assert MODELS.get("DBNet") is spotter.models.detection.DBNet


def test_a_submodule_can_be_the_first_that_is_asked_for() -> None:
    # Each was once imported half while the package's list of names was loaded.
    code = "import spotter.training.runner, spotter.training.registries, research.release"
    subprocess.run([sys.executable, "-c", code], check=True)
