"""How command lines end: expected errors become one line and an exit status."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable

from spotter.errors import SpotterError, TrainingInterrupted

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
    "ray": "ray",
    "tensorboard": "train",
    "matplotlib": "train",
    "openvino": "openvino",
    "rapidocr": "bench",
    "pypdfium2": "pdf",
    "pillow_heif": "heif",
    "scipy": "mat",
    "fastapi": "serve",
    "uvicorn": "serve",
    "prometheus_client": "serve",
}
"""Modules that only an extra of the distribution brings, and the extra."""


def run_tool(main: Callable[[], None]) -> None:
    """Run a command; an expected error becomes one line on stderr and exit status 2.

    Expected are errors of the toolkit, modules that are not installed because an extra is not, and
    what the system refuses, such as a full disk. An interrupt ends with status 130, or that of the
    signal that stopped a training, and a reader of our output that goes away with 141, as if its
    signal had ended us.
    """
    warnings.filterwarnings("ignore", category=FutureWarning)
    # What Pillow says of odd metadata, with its own files and lines.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    # A log that cannot be written would print a traceback for each of its lines.
    logging.raiseExceptions = False
    _open_output()
    try:
        main()
        sys.stdout.flush()
    except SpotterError as error:
        _end(f"error: {error}", 2)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRA_OF:
            raise
        _end(f"error: {missing_extra(module)}", 2)
    except TrainingInterrupted as interrupted:
        _end("interrupted", interrupted.status)
    except KeyboardInterrupt:
        _end("interrupted", 130)
    except OSError as error:
        if error.errno is None:
            raise
        _drop_output()
        if error.errno == errno.EPIPE:
            raise SystemExit(141) from None
        _end(f"error: {_refused(error)}", 2)
    except Exception as error:
        # LMDB has its own error for a full disk.
        if type(error).__module__ != "lmdb":
            raise
        reason = " ".join(str(error).split())
        _end(f"error: cannot be written ({reason[:200]})", 2)


def use_utf8() -> None:
    """Let standard output be UTF-8, as JSON is, whatever the terminal's encoding is."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What UTF-8 cannot hold, a lone surrogate, is written as JSON escapes it.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _open_output() -> None:
    """Make standard output and error take any text, and drop it where they are closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def missing_extra(module: str) -> str:
    """What to install when a module of an extra is missing, in one line."""
    extra = EXTRA_OF[module]
    return (
        f'this needs the extra "{extra}": pip install "scene-text-spotter[{extra}]"'
        f" ({module} is not installed)"
    )


def _refused(error: OSError) -> str:
    reason = error.strerror or " ".join(str(error).split())
    # A SpotterError is printable, whatever a file is named.
    return str(SpotterError(f"{error.filename}: {reason}" if error.filename else reason))


def _drop_output() -> None:
    """Discard buffered output, which Python would otherwise try to write again at exit."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(line: str, status: int) -> None:
    print(line, file=sys.stderr)
    raise SystemExit(status) from None
