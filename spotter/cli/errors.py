"""How command lines end: expected errors become one line and an exit status."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

from spotter.errors import SpotterError

EXTRA_OF = {
    "torch": "train",
    "torchvision": "train",
    "mmengine": "train",
    "safetensors": "train",
    "onnx": "train",
    "lmdb": "train",
    "pyarrow": "bulk",
    "zstandard": "bulk",
    "fsspec": "bulk",
    "tensorboard": "train",
    "matplotlib": "train",
    "openvino": "openvino",
    "rapidocr": "bench",
    "pypdfium2": "pdf",
    "pillow_heif": "heif",
    "scipy": "mat",
}
"""Modules that only an extra of the distribution brings, and the extra."""


def run_tool(main: Callable[[], None]) -> None:
    """Run a command; an expected error becomes one line on stderr and exit status 2.

    Expected are errors of the toolkit, and modules that are not installed because an extra is not.
    An interrupt ends with status 130.
    """
    warnings.filterwarnings("ignore", category=FutureWarning)
    try:
        main()
    except SpotterError as error:
        _end(f"error: {error}", 2)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRA_OF:
            raise
        _end(f"error: {missing_extra(module)}", 2)
    except KeyboardInterrupt:
        _end("interrupted", 130)


def missing_extra(module: str) -> str:
    """What to install when a module of an extra is missing, in one line."""
    extra = EXTRA_OF[module]
    return (
        f'this needs the extra "{extra}": pip install "scene-text-spotter[{extra}]"'
        f" ({module} is not installed)"
    )


def _end(line: str, status: int) -> None:
    print(line, file=sys.stderr)
    raise SystemExit(status) from None
