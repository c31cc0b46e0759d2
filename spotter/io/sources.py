"""What a user may hand in where a picture is wanted, opened as a binary stream."""

from __future__ import annotations

import io
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from spotter.errors import ImageError
from spotter.io.bounded import open_regular
from spotter.io.names import one_line, printable_path

_CHUNK = 1 << 16


@dataclass(frozen=True)
class ReadLimits:
    """How much one picture or document may ask for.

    Attributes:
        max_pixels: Most pixels of one picture or page (width times height).
        max_bytes: Most bytes of an encoded file.
        max_pages: Most pages (or frames) of one document that are read.
        page_seconds: Seconds of the processor that a page of a PDF may take to render; not bounded
            on Windows.
        allow_urls: Whether ``http://`` and ``https://`` addresses are fetched; a server that is
            given names by its clients sets it to false.
        url_timeout: Seconds that a whole download may take.
    """

    max_pixels: int = 200_000_000
    max_bytes: int = 1 << 30
    max_pages: int = 500
    page_seconds: int = 10
    allow_urls: bool = True
    url_timeout: float = 30.0

    def check_size(self, width: int, height: int, name: str) -> None:
        """Refuse a picture of no pixels or of too many.

        Raises:
            ImageError: ``width`` times ``height`` is 0 or above ``max_pixels``.
        """
        if width < 1 or height < 1:
            raise ImageError(f"{name}: has no pixels")
        if width * height > self.max_pixels:
            raise ImageError(
                f"{name}: {width} x {height} pixels are more than the limit of"
                f" {self.max_pixels / 1e6:g} million (ReadLimits.max_pixels)"
            )


DEFAULT_LIMITS = ReadLimits()


def is_url(source: Any) -> bool:
    """Whether a source is a text that begins with ``http://`` or ``https://``."""
    return isinstance(source, str) and source.lower().startswith(("http://", "https://"))


def is_tensor(source: Any) -> bool:
    """Whether a source is a ``torch.Tensor``; torch is not imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(source, getattr(torch, "Tensor", ()))


def is_single(source: Any) -> bool:
    """Whether a source is one picture (or nothing that could be one), not an iterable of them."""
    plain = (str, os.PathLike, bytes, bytearray, memoryview, Mapping, int, float, complex)
    return source is None or isinstance(source, plain) or is_tensor(source) or _is_file(source)


def open_source(source: Any, limits: ReadLimits = DEFAULT_LIMITS) -> tuple[IO[bytes], str]:
    """A seekable binary stream of an encoded file, and the name that error messages give it.

    Args:
        source: A path, an http(s) address, the bytes of a file, or a file object that is open for
            reading bytes (read from where it stands).
        limits: Of bytes and addresses.

    Raises:
        ImageError: There is no such file, it is not a regular one, it is too large, or ``source``
            is none of these.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _in_memory(bytes(source), f"image of {len(bytes(source))} bytes", limits)
    if is_url(source):
        return _fetch(source, limits)
    if isinstance(source, str | os.PathLike):
        return _open_path(source, limits)
    if _is_file(source):
        return _read_file_object(source, limits)
    raise ImageError(_refusal(source))


def _is_file(source: Any) -> bool:
    return callable(getattr(source, "read", None)) and not isinstance(source, type)


def _refusal(source: Any) -> str:
    if source is None:
        return "image is None (NoneType): cv2.imread gives it for a file that it cannot read"
    if isinstance(source, Mapping):
        return "an image was expected, not a mapping (dict); give one of its values"
    return (
        f"cannot read an image from {type(source).__name__}; give a path, an http(s) address,"
        " bytes, a binary file object, a PIL image, an array or a tensor"
    )


def _in_memory(data: bytes, name: str, limits: ReadLimits) -> tuple[IO[bytes], str]:
    if len(data) > limits.max_bytes:
        raise ImageError(f"{name}: more than the limit of {limits.max_bytes} bytes")
    return io.BytesIO(data), name


def _open_path(source: str | os.PathLike[Any], limits: ReadLimits) -> tuple[IO[bytes], str]:
    name = printable_path(source)
    stream = open_regular(source, ImageError)
    size = os.fstat(stream.fileno()).st_size
    if size > limits.max_bytes:
        stream.close()
        raise ImageError(f"{name}: {size} bytes exceed the limit of {limits.max_bytes}")
    return stream, name


def _read_file_object(source: Any, limits: ReadLimits) -> tuple[IO[bytes], str]:
    given = getattr(source, "name", None)
    name = printable_path(given) if isinstance(given, str | bytes) else "file object"
    try:
        data = source.read(limits.max_bytes + 1)
    except Exception as error:
        # A file object is code of the caller's: it may raise anything.
        raise ImageError(f"{name}: cannot be read ({one_line(error)})") from None
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ImageError(f"{name}: gives {type(data).__name__}; open it for bytes, mode 'rb'")
    if not data:
        raise ImageError(f"{name}: holds no bytes from where it stands (was it read before?)")
    return _in_memory(bytes(data), name, limits)


def _fetch(address: str, limits: ReadLimits) -> tuple[IO[bytes], str]:
    name = printable_path(address)
    if not limits.allow_urls:
        raise ImageError(f"{name}: addresses are not fetched here (ReadLimits.allow_urls)")
    end = time.monotonic() + limits.url_timeout
    opener = urllib.request.OpenerDirector()
    # Of urllib's default handlers only these: a redirection must not lead to ftp: or file:.
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    request = urllib.request.Request(address, headers={"User-Agent": "spotter"})
    parts, size = [], 0
    try:
        with opener.open(request, timeout=limits.url_timeout) as answer:
            while chunk := answer.read1(_CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > limits.max_bytes:
                    break
                if time.monotonic() > end:
                    raise TimeoutError(f"took longer than {limits.url_timeout:g} s")
    except Exception as error:
        # urllib, http.client and ssl raise many kinds for what a server may do.
        reason = getattr(error, "reason", None)
        shown = one_line(reason) if isinstance(reason, BaseException) else one_line(error)
        raise ImageError(f"{name}: cannot be fetched ({shown})") from None
    return _in_memory(b"".join(parts), name, limits)


def name_of(source: Any, index: int = 0) -> str:
    """What a result calls its picture: its path or address, else its place in the call."""
    if isinstance(source, str | os.PathLike):
        return printable_path(source)
    for attribute in ("filename", "name"):
        with suppress(Exception):
            given = getattr(source, attribute, "")
            if given and isinstance(given, str | bytes | Path):
                return printable_path(given)
    return f"image_{index}"
