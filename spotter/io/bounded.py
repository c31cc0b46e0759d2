"""Reading untrusted data, with limits on size, depth and time.

Each function raises one kind of :class:`~spotter.errors.SpotterError`, chosen by the caller, with
one line that begins with the file's name, whatever is wrong with the file.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import stat
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from spotter.errors import SpotterError
from spotter.io.names import one_line, printable_path

MEBI = 1 << 20

_DIGITS = 300
# Limit of numbers that are checked one by one; the others have fewer digits, or are below 1e100.
_ODD_NUMBERS = re.compile(r"\d{300}|[eE]\+?\d{3}")
# Text is compressed ten- to thirtyfold; a higher ratio is taken for a decompression bomb.
_PACKING = 100
_ALWAYS_UNPACKED = 64 * MEBI
_CHUNK = 1 << 18


@contextmanager
def failures_as(error: type[SpotterError], name: str, says: str) -> Iterator[None]:
    """Turns whatever a block raises into one line: ``NAME: SAYS (reason)``.

    Errors of the toolkit pass as they are, and so do ``KeyboardInterrupt`` and its like.
    """
    try:
        yield
    except SpotterError:
        raise
    except MemoryError:
        raise error(f"{name}: {says} (not enough memory)") from None
    except RecursionError:
        raise error(f"{name}: {says} (nested too deeply)") from None
    except Exception as failed:
        raise error(f"{name}: {says} ({one_line(failed, 120)})") from None


def open_regular(path: str | os.PathLike[str], error: type[SpotterError]) -> IO[bytes]:
    """Open a regular file for bytes; never waits for a pipe or a device.

    Raises:
        SpotterError: Of the kind ``error``: there is no such file, or it is none.
    """
    name = printable_path(path)
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    # Opening a pipe blocks without O_NONBLOCK; the opened file itself is checked, not its path.
    flags |= getattr(os, "O_NONBLOCK", 0)
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            os.scandir(os.fspath(path)).close()
            raise error(f"{name}: is a folder, not a file")
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise error(f"{name}: no such file") from None
    except OSError as failed:
        raise error(f"{name}: cannot be read ({failed.strerror or one_line(failed)})") from None
    except ValueError as failed:
        raise error(f"{name}: no such file ({one_line(failed)})") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise error(f"{name}: is {_kind(mode)}, not a file")
    return os.fdopen(descriptor, "rb")


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def read_file(
    path: str | os.PathLike[str], error: type[SpotterError], max_bytes: int = 64 * MEBI
) -> bytes:
    """The bytes of a regular file of at most ``max_bytes``."""
    name = printable_path(path)
    with open_regular(path, error) as file, failures_as(error, name, "cannot be read"):
        size = os.fstat(file.fileno()).st_size
        data = file.read(max_bytes + 1) if size <= max_bytes else b""
    if max(size, len(data)) > max_bytes:
        raise error(f"{name}: more than the limit of {max_bytes} bytes")
    return data


def unzip(data: bytes, name: str, error: type[SpotterError], max_bytes: int = 256 * MEBI) -> bytes:
    """What gzip data holds, of which more than ``max_bytes`` are never made.

    Nor are more than 64 MiB where that is over a hundred times the size of the data.
    """
    max_bytes = min(max_bytes, max(_ALWAYS_UNPACKED, _PACKING * len(data)))
    machine = zlib.decompressobj(wbits=31)
    with failures_as(error, name, "is not readable gzip"):
        content = machine.decompress(data, max_bytes + 1)
        if len(content) <= max_bytes and not machine.eof:
            raise EOFError("cut short")
    if len(content) > max_bytes:
        raise error(f"{name}: unpacks to more than the limit of {max_bytes} bytes")
    return content


def load_json(text: str, depth: int = 64) -> Any:
    """JSON with finite numbers of at most 300 digits, nested no deeper than ``depth``.

    Raises:
        ValueError: It is no such JSON (:class:`json.JSONDecodeError`: none at all).
    """

    def whole(digits: str) -> int:
        if len(digits) > _DIGITS:
            raise ValueError(f"a number of {len(digits)} digits")
        return int(digits)

    def real(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise ValueError(f"a number beyond what a float holds: {digits[:20]}")
        return value

    def constant(word: str) -> float:
        raise ValueError(f"{word} is no number of JSON")

    # Python functions for each number would cost large files a multiple of their time.
    odd = _ODD_NUMBERS.search(text) is not None
    try:
        content = json.loads(
            text,
            parse_int=whole if odd else None,
            parse_float=real if odd else None,
            parse_constant=constant,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _is_deeper(content, depth):
        raise ValueError(f"nested deeper than {depth}")
    return content


def _is_deeper(content: Any, depth: int) -> bool:
    level = [content] if isinstance(content, dict | list) else []
    for _ in range(depth + 1):
        if not level:
            return False
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)
        ]
    return bool(level)


def parse_json(text: str | bytes, name: str, error: type[SpotterError], depth: int = 64) -> Any:
    """Untrusted JSON, see :func:`load_json`.

    Raises:
        SpotterError: Of the kind ``error``: it is no such JSON.
    """
    with failures_as(error, name, "is not JSON"):
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text))
        return load_json(text, depth)


def read_json(
    path: str | os.PathLike[Any],
    error: type[SpotterError],
    max_bytes: int = 64 * MEBI,
    depth: int = 64,
) -> Any:
    """The content of a ``.json`` or ``.json.gz`` file, see :func:`parse_json`.

    Args:
        path: The file; gzip is known by its first bytes.
        error: What is raised.
        max_bytes: Of the file, and of what gzip unpacks to.
        depth: Of the nesting.
    """
    name = printable_path(path)
    data = read_file(path, error, max_bytes)
    if data[:2] == b"\x1f\x8b":
        data = unzip(data, name, error, max_bytes)
    with failures_as(error, name, "is not UTF-8 text"):
        text = data.decode("utf-8-sig")
    return parse_json(text, name, error, depth)


class ZipContents:
    """The members of a zip archive, read with limits.

    Args:
        data: The archive.
        name: For messages.
        error: What is raised.
        max_members: Of the archive.
        max_bytes: Of all members together, unpacked; never more than 64 MiB where that is over a
            hundred times the size of the data.
        max_seconds: For all reading.

    Attributes:
        names: Of the members that are no folders, in order.

    Raises:
        SpotterError: Of the kind ``error``: no zip archive, or one of too many members, of one
            without a name, or of two that have the same name.
    """

    def __init__(
        self,
        data: bytes,
        name: str,
        error: type[SpotterError],
        max_members: int = 100_000,
        max_bytes: int = 512 * MEBI,
        max_seconds: float = 60.0,
    ) -> None:
        self.name, self.error = name, error
        self._max_bytes = self._left = min(max_bytes, max(_ALWAYS_UNPACKED, _PACKING * len(data)))
        self._end = time.monotonic() + max_seconds
        with failures_as(error, name, "is not a zip archive"):
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            members = self._archive.infolist()
        # Python 3.11 asks for the last character of a name to tell folders.
        if not all(each.filename for each in members):
            raise error(f"{name}: has a member without a name")
        if len(members) > max_members:
            raise error(f"{name}: {len(members)} members are more than the limit of {max_members}")
        self._members = {each.filename: each for each in members if not each.is_dir()}
        self.names = list(self._members)
        if len({each.filename for each in members}) < len(members):
            twice = Counter(each.filename for each in members).most_common(1)[0][0]
            raise error(f"{name}: has two members of the name {printable_path(twice)}")

    def read(self, member: str) -> bytes:
        """The bytes of a member.

        Raises:
            SpotterError: Of the kind ``error``: no such member, encrypted, packed by a method that
                is not known, damaged, or beyond the limits.
        """
        shown = f"{self.name}: {printable_path(member)}"
        if member not in self._members:
            raise self.error(f"{shown}: no such member")
        info = self._members[member]
        if info.flag_bits & 1:
            raise self.error(f"{shown}: is encrypted")
        # Dictionaries of other methods can ask for gigabytes.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            method = info.compress_type
            raise self.error(f"{shown}: is packed by the method {method}, not by deflate")
        parts = []
        with (
            failures_as(self.error, shown, "cannot be unpacked"),
            self._archive.open(info) as file,
        ):
            while chunk := file.read(_CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    raise ValueError(f"more than the limit of {self._max_bytes} bytes")
                if time.monotonic() > self._end:
                    raise TimeoutError("takes too long")
                parts.append(chunk)
        return b"".join(parts)


def read_arrays(
    path: str | os.PathLike[str], error: type[SpotterError], max_bytes: int = 512 * MEBI
) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` file, by name; objects are refused.

    An array whose header promises more values than its member holds is an error, not an
    allocation.
    """
    name = printable_path(path)
    contents = ZipContents(read_file(path, error, max_bytes), name, error, 1000, max_bytes)
    arrays: dict[str, np.ndarray] = {}
    for member in contents.names:
        data = contents.read(member)
        with failures_as(error, f"{name}: {printable_path(member)}", "is not an array"):
            arrays[member.removesuffix(".npy")] = _parse_array(data)
    return arrays


def _parse_array(data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"format {version[0]}.{version[1]}")
    shape, fortran, dtype = readers[version](stream, max_header_size=10_000)
    if dtype.hasobject or not dtype.itemsize:
        raise ValueError(f"type {dtype}")
    count = math.prod(shape)
    rest = memoryview(data)[stream.tell() :]
    if min(shape, default=0) < 0 or len(rest) != count * dtype.itemsize:
        raise ValueError(f"{len(rest)} bytes for shape {shape} of {dtype}"[:100])
    array = np.frombuffer(rest, dtype, count)
    return array.reshape(shape, order="F" if fortran else "C").copy()


def check_lmdb(path: str | Path, error: type[SpotterError]) -> None:
    """Refuse an LMDB archive whose file is shorter than the pages that it counts.

    Reading such a page of a mapped file kills the process (SIGBUS).

    Args:
        path: The folder with ``data.mdb``, or the file itself.
        error: What is raised.

    Raises:
        SpotterError: Of the kind ``error``: no archive, or one that was cut short.
    """
    name = printable_path(path)
    file = Path(path) / "data.mdb" if Path(path).is_dir() else Path(path)
    with open_regular(file, error) as stream, failures_as(error, name, "cannot be read"):
        size = os.fstat(stream.fileno()).st_size
        first = _lmdb_meta(stream.read(152))
        if first is None or not 256 <= first[1] <= 65536:
            raise error(f"{name}: not an LMDB archive")
        stream.seek(first[1])
        second = _lmdb_meta(stream.read(152))
    # The later of the two transactions counts, but either may be chosen after a crash.
    last_page = max(meta[0] for meta in (first, second) if meta is not None)
    if size < (last_page + 1) * first[1]:
        raise error(f"{name}: cut short: {size} bytes of {(last_page + 1) * first[1]}")


def _lmdb_meta(page: bytes) -> tuple[int, int] | None:
    """(last page, page size) of a meta page: ``MDB_meta`` behind a page header of 16 bytes."""
    if len(page) < 152 or page[16:20] != (0xBEEFC0DE).to_bytes(4, "little"):
        return None
    # Two databases of 48 bytes follow magic, version, address and map size; the padding of the
    # first is the page size.
    page_size = int.from_bytes(page[40:44], "little")
    last_page = int.from_bytes(page[136:144], "little")
    return last_page, page_size
