"""The console script of an environment without any extra."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT, call

Spotter = Callable[..., subprocess.CompletedProcess[str]]
PHOTOS = sorted((ROOT / "demo" / "photos").glob("*.jpg"))


def test_help_names_the_commands(spotter: Spotter) -> None:
    done = spotter("--help")
    assert done.returncode == 0, done.stderr
    assert all(f"\n  {name} " in done.stdout for name in ("spot", "read", "train", "evaluate"))
    shown = spotter("spot", "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Examples:\n  spotter spot photo.jpg" in shown.stdout


def test_the_demo_photos_are_read(spotter: Spotter, tmp_path: Path) -> None:
    done = spotter("spot", *PHOTOS, "--json", "--threads", 1, "--out", "found")
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(result["image"]).name for result in results] == [path.name for path in PHOTOS]
    assert all(len(result["instances"]) > 5 for result in results)
    assert len(list((tmp_path / "found").glob("*.spotted.jpg"))) == len(PHOTOS)


def test_python_reads_a_photo(installed: Path, tmp_path: Path) -> None:
    code = (
        "import sys, spotter\n"
        f"result = spotter.SceneTextSpotter(threads=1).spot({str(PHOTOS[0])!r})\n"
        "print(len(result.instances), 'torch' in sys.modules, spotter.__file__)"
    )
    count, torch, file = call(installed / "python", "-c", code, cwd=tmp_path, env={}).split()
    assert int(count) > 5
    assert torch == "False"
    assert "site-packages" in file


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("train", ["train", "config.py"]),
        ("train", ["test", "config.py", "weights.safetensors"]),
        ("train", ["export", "weights.safetensors"]),
        ("train", ["convert", "--list"]),
        ("train", ["mine", "photos", "--out", "crops.lmdb"]),
        ("serve", ["serve", "--port", "0"]),
    ],
)
def test_what_needs_an_extra_says_so_in_one_line(
    spotter: Spotter, extra: str, arguments: list
) -> None:
    done = spotter(*arguments)
    assert done.returncode == 2
    assert f'needs the extra "{extra}": pip install "scene-text-spotter[{extra}]"' in done.stderr
    assert done.stderr.count("\n") == 1


def test_doctor_needs_no_extra(spotter: Spotter) -> None:
    done = spotter("doctor", PHOTOS[0], "--threads", 1, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert len(found["photo"]["words"]) > 5
    assert found["runtimes"]["torch"] == "not installed"
    assert {each["runtime"] for each in found["presets"].values()} == {"onnx"}


def test_what_needs_a_checkout_says_so_in_one_line(spotter: Spotter) -> None:
    done = spotter("benchmark", "default", "--suite", "validation")
    assert done.returncode == 2
    assert "works in a checkout of the project only" in done.stderr
    assert done.stderr.count("\n") == 1
