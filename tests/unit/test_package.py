import re
import subprocess
import sys

import cv2
import pytest

import spotter
from research.configs import packaged_config
from research.release.session import CONFIGS


def test_opencv_needs_no_display() -> None:
    # The build with a GUI links libGL, which bare servers lack.
    gui = re.search(r"^\s*GUI:\s*(\S+)", cv2.getBuildInformation(), re.MULTILINE)
    assert gui is not None
    assert gui.group(1) == "NONE"


def test_import_of_the_package_is_light() -> None:
    code = "import sys, spotter; print(sorted({'torch', 'cv2', 'mmengine'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout.strip() == "[]", printed.stderr


def test_names_of_the_package() -> None:
    assert set(spotter.__all__) <= set(dir(spotter))
    assert all(getattr(spotter, name) is not None for name in spotter.__all__)
    assert spotter.TextDetector.__module__ == "spotter.pipeline.detector"
    assert re.fullmatch(r"\d+\.\d+\.\d+", spotter.__version__)
    with pytest.raises(AttributeError, match="no attribute"):
        _ = spotter.Spotter  # type: ignore[attr-defined]


def test_release_configs_are_packaged() -> None:
    for name in CONFIGS.values():
        assert packaged_config(name).is_file()
