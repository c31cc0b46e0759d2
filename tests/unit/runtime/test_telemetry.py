"""Inference makes no look-up and writes no file outside of what it is asked to."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import socket, sys

def refuse(*arguments, **options):
    print("looked up", arguments[0], flush=True)
    raise OSError("no network in this test")

for name in ("getaddrinfo", "gethostbyname", "create_connection"):
    setattr(socket, name, refuse)

import numpy as np
from spotter import SceneTextSpotter

spotter = SceneTextSpotter(
    detector=sys.argv[1], recognizer=sys.argv[2], runtime=sys.argv[3], threads=1
)
spotter.spot(np.zeros((64, 64, 3), np.uint8))
print("done")
"""


def offline() -> list[str]:
    """A prefix that takes the network away from a command, where the system allows it."""
    command = ["unshare", "-rn"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return command


@pytest.mark.skipif(os.name != "posix", reason="HOME of POSIX")
@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_the_home_folder_stays_empty(runtime: str, preset: dict[str, Path], tmp_path: Path) -> None:
    if runtime == "openvino" and importlib.util.find_spec("openvino") is None:
        pytest.skip("OpenVINO is not installed")
    home = tmp_path / "home"
    home.mkdir()
    kept = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    models = [str(preset["detector"]), str(preset["recognizer"])]
    done = subprocess.run(
        [*offline(), sys.executable, "-c", CODE, *models, runtime],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split("\n") == ["done", ""], done.stderr
    assert [str(path.relative_to(home)) for path in home.rglob("*")] == []


def test_who_opts_in_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from spotter.runtime.telemetry import import_onnxruntime

    for name in ("ORT_DISABLE_TELEMETRY", "SPOTTER_TELEMETRY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("SPOTTER_TELEMETRY", "1")
    import_onnxruntime()
    assert "ORT_DISABLE_TELEMETRY" not in os.environ
    monkeypatch.setenv("SPOTTER_TELEMETRY", "0")
    import_onnxruntime()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
