"""What is in the wheel, and what its metadata say."""

from __future__ import annotations

import re
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from spotter.cli.errors import EXTRA_OF
from tests.packaging.conftest import ROOT

CORE = {
    "click",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "rapidfuzz",
    "rich",
    "shapely",
    "tomli",
}


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.name.startswith("scene_text_spotter-")
    assert wheel.stat().st_size < 24_000_000


def test_what_reading_takes_is_inside(names: set[str]) -> None:
    weights = ROOT / "spotter" / "hub" / "weights"
    shipped = {path.name for path in weights.iterdir() if path.suffix in (".onnx", ".npz", ".json")}
    assert {"dbnet_mobilenetv3.onnx", "deep_ctc.onnx", "english.npz"} <= shipped
    assert {f"spotter/hub/weights/{name}" for name in shipped} <= names
    assert {"spotter/py.typed", "spotter/cli/main.py"} <= names
    files = (ROOT / "configs").rglob("*")
    configs = (p.relative_to(ROOT).as_posix() for p in files if p.suffix in (".py", ".toml"))
    assert {f"spotter/{name}" for name in configs} <= names


def test_every_file_of_the_package_that_is_no_code_is_inside(names: set[str]) -> None:
    files = (path for path in (ROOT / "spotter").rglob("*") if path.is_file())
    data = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.suffix not in (".py", ".pyc", ".safetensors")
    }
    assert data <= names


def test_what_only_the_checkout_has_stays_outside(names: set[str]) -> None:
    assert not [name for name in names if name.endswith((".safetensors", ".pth"))]
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"spotter"}


def test_licences(names: set[str], metadata) -> None:
    assert metadata["License-Expression"] == "Apache-2.0 AND CC-BY-SA-4.0 AND BSD-3-Clause"
    assert metadata.get_all("License-File") == ["LICENSE", "NOTICE"]
    assert any(name.endswith("licenses/NOTICE") for name in names)
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert all(word in notice for word in ("english.npz", "CC-BY-SA-4.0", "BSD-3-Clause"))


def test_what_is_asked_for(metadata) -> None:
    lines = metadata.get_all("Requires-Dist")
    core = {re.split(r"[<>=!~;\[ ]", line)[0] for line in lines if "extra ==" not in line}
    assert core == CORE
    # Two packages that bring cv2 overwrite each other, and the one with a GUI needs libGL.
    assert len([line for line in lines if line.startswith("opencv")]) == 1
    assert set(EXTRA_OF.values()) <= set(metadata.get_all("Provides-Extra"))
