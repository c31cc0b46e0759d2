"""The process that renders the pages of a PDF, see :mod:`spotter.io.pdf`."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import IO, Any

import numpy as np

try:
    import resource
except ImportError:  # Windows, where nothing is bounded.
    resource = None  # type: ignore[assignment]


def main() -> None:
    """Answer on stdout what is asked on stdin.

    The first line asked is a JSON object with ``bytes``, ``scale``, ``max_pixels``, ``seconds`` and
    ``memory``, and the document follows it; each further line is the index of a page. Answers are
    JSON lines: ``pages`` or ``error``; then for each page ``error``, or ``size`` and, where that is
    within ``max_pixels``, ``shape`` and the pixels.
    """
    import pypdfium2

    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Whatever else is printed is no answer.
    os.dup2(2, 1)
    asked = json.loads(source.readline())
    data = source.read(asked["bytes"])
    _bound(asked["seconds"], asked["memory"])
    try:
        document = pypdfium2.PdfDocument(data)
        # Before the first page is opened, or what fields hold is not drawn.
        with suppress(pypdfium2.PdfiumError):
            document.init_forms()
        _answer(sink, {"pages": len(document)})
    except Exception as error:
        _answer(sink, {"error": str(error)})
        return
    for line in source:
        _bound(asked["seconds"])
        try:
            _render(sink, document[int(line)], asked["scale"], asked["max_pixels"])
        except Exception as error:
            # PDFium's errors have several types, none of them documented for damaged pages.
            _answer(sink, {"error": str(error) or type(error).__name__})


def _render(sink: IO[bytes], page: Any, scale: float, max_pixels: int) -> None:
    width, height = (round(side * scale) for side in page.get_size())
    if not 0 < width * height <= max_pixels:
        _answer(sink, {"size": [width, height]})
        return
    bitmap = page.render(scale=scale, rev_byteorder=False)
    pixels = np.ascontiguousarray(bitmap.to_numpy())
    _answer(sink, {"size": [width, height], "shape": pixels.shape})
    sink.write(pixels.data)
    sink.flush()
    bitmap.close()
    page.close()


def _answer(sink: IO[bytes], answer: dict[str, Any]) -> None:
    sink.write(json.dumps(answer).encode() + b"\n")
    sink.flush()


def _bound(seconds: int, memory: int | None = None) -> None:
    """From now on at most so many seconds of the processor, and so many bytes more."""
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":
            with open("/proc/self/statm", encoding="ascii") as file:
                mapped = int(file.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))
