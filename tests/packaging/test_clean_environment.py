"""Real installations by pip, with everything that pip brings along. They need the network."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import venv
from pathlib import Path

import pytest

from tests.packaging.conftest import ROOT, call

pytestmark = pytest.mark.slow

# Prints the kind of windows that OpenCV was built for, and the libraries of OpenGL that it loaded.
HEADLESS = """
import pathlib, re, cv2
maps = pathlib.Path("/proc/self/maps")
loaded = re.findall(r"libGL\\S*", maps.read_text()) if maps.is_file() else []
print(re.search(r"^\\s*GUI:\\s*(\\S+)", cv2.getBuildInformation(), re.M).group(1), *loaded)
"""


@pytest.fixture(scope="module", autouse=True)
def network() -> None:
    try:
        socket.create_connection(("pypi.org", 443), timeout=10).close()
    except OSError:
        if not os.environ.get("PIP_INDEX_URL"):
            pytest.skip("no network")


def environment(folder: Path) -> Path:
    """The Python of a new environment."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if not path.is_symlink())


def test_reading_installs_quickly_and_small(wheel: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "core")
    start = time.monotonic()
    call(python, "-m", "pip", "install", "--quiet", wheel)
    assert time.monotonic() - start < 60
    assert size(tmp_path / "core") < 600_000_000
    listed = json.loads(call(python, "-m", "pip", "list", "--format", "json"))
    installed = {package["name"] for package in listed}
    assert not installed & {"torch", "mmengine", "mmengine-lite", "mmcv-lite", "openvino"}
    assert call(python, "-c", HEADLESS).strip() == "NONE"
    photos = sorted((ROOT / "demo" / "photos").glob("*.jpg"))
    printed = call(python.with_name("spotter"), "spot", *photos, "--json", cwd=tmp_path)
    assert len(printed.splitlines()) == len(photos)


def test_training_keeps_the_opencv_without_libgl(wheel: Path, tmp_path: Path) -> None:
    # torch is left out: it is gigabytes, and has nothing to do with OpenCV.
    python = environment(tmp_path / "train")
    report = tmp_path / "report.json"
    call(python, "-m", "pip", "install", "--quiet", "--dry-run", "--report", report,
         f"{wheel}[train,openvino,bench,pdf,heif,mat,serve]")  # fmt: skip
    chosen = {
        item["metadata"]["name"].lower() for item in json.loads(report.read_text())["install"]
    }
    assert {"torch", "mmengine-lite"} <= chosen
    assert {name for name in chosen if "opencv" in name} == {"opencv-python-headless"}
    call(python, "-m", "pip", "install", "--quiet", wheel, "mmengine-lite", "matplotlib")
    assert call(python, "-c", "import mmengine.config\n" + HEADLESS).strip() == "NONE"


def test_the_image_installs_and_answers(wheel: Path, tmp_path: Path) -> None:
    """What the second stage of the Dockerfile runs, in an environment in place of an image."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    install = re.search(
        r'^RUN pip install --no-cache-dir "\$\(ls /wheels/\*\.whl\)(\[.*?\])"', text, re.M
    )
    assert install is not None
    python = environment(tmp_path / "image")
    call(python, "-m", "pip", "install", "--no-cache-dir", "--quiet", f"{wheel}{install[1]}")
    last: dict[str, list[str]] = {
        name: json.loads(words) for name, words in re.findall(r"^(ENTRYPOINT|CMD) (.*)", text, re.M)
    }
    (check,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])", text, re.M)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program, *words = [*last["ENTRYPOINT"], *last["CMD"], "--port", str(port)]
    asked: list[str] = json.loads(check.replace("8000", str(port)))[1:]
    server = subprocess.Popen([python.with_name(program), *words], cwd=tmp_path)
    try:
        end = time.monotonic() + 300
        while subprocess.run([python, *asked], capture_output=True, check=False).returncode:
            assert server.poll() is None
            assert time.monotonic() < end
            time.sleep(1)
    finally:
        server.terminate()
        server.wait(120)
