"""The wheel of this checkout, and an environment that has it and the core dependencies only."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ("numpy", "cv2", "onnxruntime", "shapely", "PIL", "rapidfuzz", "rich", "click")
"""What the distribution asks for without extras, by the names of its modules."""

# Finders of this environment do not find what the extras bring, as if it were not installed.
_HIDING = """
import sys

EXTRAS = {"torch", "torchvision", "mmengine", "mmcv", "safetensors", "lmdb", "matplotlib", "onnx",
          "openvino", "tensorboard", "scipy", "rapidocr", "pypdfium2", "pillow_heif", "fastapi",
          "uvicorn", "prometheus_client", "starlette", "pydantic"}


class Hiding:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in EXTRAS:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)


sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
"""


def call(*command: object, **settings: object) -> str:
    """Run a program, and give what it printed on standard output.

    Raises:
        AssertionError: It failed; the message is what it printed on standard error.
    """
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **settings
    )  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    printed: str = done.stdout
    return printed


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without network."""
    found = importlib.util.find_spec("setuptools")
    if found is None:
        pytest.skip("setuptools is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    # A copy: building leaves files in the source tree.
    source = folder / "source"
    files = call("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, files.split("\0")):
        if name.startswith("tests/") or not (ROOT / name).is_file():
            continue
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    call(sys.executable, "-m", "pip", "wheel", source, "--wheel-dir", folder, *options)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel and the core dependencies.

    The dependencies are those of this environment; what the extras bring is hidden.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    options = ["--no-deps", "--quiet", "--disable-pip-version-check"]
    call(sys.executable, "-m", "pip", "--python", folder, "install", *options, wheel)
    python = programs / "python"
    own = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (own / "hide_extras.py").write_text(_HIDING)
    places = dict.fromkeys(str(_folder_of(name)) for name in CORE)
    (own / "core.pth").write_text("\n".join([*places, "import hide_extras"]) + "\n")
    return programs


@pytest.fixture
def spotter(installed: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``spotter("spot", ...)`` runs the installed console script, outside of the checkout."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        hidden = ("PYTHONPATH", "PYTHONHOME", "SPOTTER_DATA")
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        return subprocess.run(
            [str(installed / "spotter"), *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
        )

    return run


def _folder_of(module: str) -> Path:
    """The folder that a module is imported from."""
    found = importlib.util.find_spec(module)
    assert found is not None, f"{module}: a core dependency is not installed"
    assert found.origin is not None
    return Path(found.origin).parents[1]
