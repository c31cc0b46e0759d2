"""PDF pages, rendered by PDFium in a process of its own.

A file of a kilobyte can keep PDFium busy for hours, and nothing interrupts it. Its process ends
with a bound on its time and memory, and whatever makes PDFium crash takes nothing else with it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np

from spotter.errors import ImageError
from spotter.io.names import one_line
from spotter.io.pixels import array_to_bgr
from spotter.io.sources import ReadLimits

# Pixels per inch at which small print (6 points) has letters of about 12 pixels.
_RESOLUTION = 200
_POINTS_PER_INCH = 72
# What PDFium may take beside 8 bytes for each pixel.
_MEMORY = 512 << 20


class PdfCutOffError(ImageError):
    """PDFium was ended at a page, after which nothing more is read."""


class PdfDocument:
    """A document whose pages are rendered by another process; to be used with ``with``.

    Args:
        data: The file.
        limits: Of each page.
        name: For messages.

    Attributes:
        count: Number of pages.

    Raises:
        ImageError: pypdfium2 is not installed, or it is no document with pages.
    """

    def __init__(self, data: bytes, limits: ReadLimits, name: str) -> None:
        if find_spec("pypdfium2") is None:
            raise ImageError(
                f"{name}: is a PDF, which needs pypdfium2 (pip install 'scene-text-spotter[pdf]')"
            )
        self._limits, self._name = limits, name
        code = f"import sys; sys.path[:] = {sys.path!r}; from spotter.io.pdf_worker import main"
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"{code}; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        start = {
            "bytes": len(data),
            "scale": _RESOLUTION / _POINTS_PER_INCH,
            "max_pixels": limits.max_pixels,
            "seconds": limits.page_seconds,
            "memory": _MEMORY + 8 * limits.max_pixels,
        }
        try:
            answer = self._ask(json.dumps(start).encode() + b"\n" + data)
            if "error" in answer:
                raise ImageError(
                    f"{name}: not a readable PDF ({one_line(ValueError(answer['error']))})"
                )
            self.count: int = answer["pages"]
            if not self.count:
                raise ImageError(f"{name}: a PDF without pages")
        except BaseException:
            self.close()
            raise

    def render(self, index: int) -> np.ndarray:
        """(H, W, 3) uint8 BGR of a page, at 200 pixels per inch.

        Raises:
            ImageError: It is damaged or too large.
            PdfCutOffError: It takes too long or too much memory, or PDFium crashed.
        """
        answer = self._ask(b"%d\n" % index)
        if "error" in answer:
            raise ImageError(one_line(ValueError(answer["error"])))
        width, height = answer["size"]
        self._limits.check_size(width, height, self._name)
        pixels: np.ndarray = np.empty(answer["shape"], np.uint8)
        assert self._process.stdout is not None
        view = pixels.data.cast("B")
        while view:
            read = self._process.stdout.readinto(view)  # type: ignore[attr-defined]
            if not read:
                raise self._cut_off()
            view = view[read:]
        return array_to_bgr(pixels)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> PdfDocument:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, question: bytes) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(question)
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            raise self._cut_off()
        return json.loads(line)

    def _cut_off(self) -> PdfCutOffError:
        status = self._process.wait()
        if status == -getattr(signal, "SIGXCPU", 0):
            seconds = self._limits.page_seconds
            return PdfCutOffError(f"takes more than {seconds} s (ReadLimits.page_seconds)")
        return PdfCutOffError(f"takes too much memory, or is damaged (PDFium ended with {status})")
