"""The files of a tar archive, one after the other, whatever is wrong with it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from spotter.errors import SpotterError
from spotter.io.bounded import open_regular
from spotter.io.names import one_line, printable_path

_PACKED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}


@dataclass(frozen=True)
class Member:
    """A file of an archive, or what is wrong with the archive.

    Attributes:
        name: As any terminal can hold it; empty where ``error`` is about the archive.
        size: In bytes.
        read: Gives the bytes; to be called before the next member is taken. Raises the error that
            :func:`tar_members` was told to raise.
        error: One line.
        offset: Where the bytes begin in the archive; ``None``, where that is packed or cannot be
            sought in.
    """

    name: str
    size: int = 0
    read: Callable[[], bytes] | None = None
    error: str | None = None
    offset: int | None = None


class _Header(tarfile.TarInfo):
    """Notes damaged headers, which tarfile passes over or takes for the end."""

    @classmethod
    def fromtarfile(cls, tarfile: Any) -> Any:
        notes = tarfile.notes
        try:
            header = super().fromtarfile(tarfile)
        except tarfile_errors.EOFHeaderError:
            notes.ended, notes.lost = True, False
            raise
        except tarfile_errors.EmptyHeaderError:
            if not notes.ended:
                notes.lines.append("ends without the mark of its end; was it cut short?")
            raise
        except tarfile_errors.TruncatedHeaderError:
            notes.lines.append("is cut short")
            notes.ended = True
            raise
        except tarfile_errors.HeaderError as error:
            # Of a damaged stretch the first block is noted.
            if not notes.lost:
                notes.lines.append(f"is damaged at byte {tarfile.offset} ({one_line(error)})")
            notes.lost = True
            raise
        notes.ended = notes.lost = False
        return header


tarfile_errors: Any = tarfile


class _Notes:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ended = self.lost = False


class _Archive(tarfile.TarFile):
    def __init__(self, *args: Any, **settings: Any) -> None:
        self.notes = _Notes()
        self.streamed = False
        super().__init__(*args, **settings)


def tar_members(
    archive: Path | IO[bytes],
    name: str,
    error: type[SpotterError],
    max_bytes: int = 1 << 30,
    wanted: Callable[[str], bool] = lambda name: True,
) -> Iterator[Member]:
    """The members of a tar archive, packed with gzip, bzip2, xz or not at all.

    Memory does not grow with their number. What follows a damaged header is found again. Archives
    that were appended to each other are read to the end of the last.

    Args:
        archive: A file, or a stream that need not be seekable.
        name: Of the archive, for messages.
        error: Raised by ``Member.read``.
        max_bytes: Of a member.
        wanted: Which names to give; others are passed over.

    Yields:
        Files, and a member without a name for each damage of the archive.

    Raises:
        SpotterError: Of the kind ``error``: the file cannot be opened.
    """
    with ExitStack() as stack:
        if isinstance(archive, Path):
            stream = stack.enter_context(open_regular(archive, error))
        else:
            stream = archive
        try:
            head = stream.read(6) if stream.seekable() else b""
            if stream.seekable():
                stream.seek(0)
            unpack = next(
                (each for magic, each in _PACKED.items() if head[: len(magic)] == magic), None
            )
            settings: Any = {"tarinfo": _Header, "ignore_zeros": True}
            if unpack is not None:
                stream = stack.enter_context(unpack(stream))
            tar = stack.enter_context(_open(stream, unpack is None, settings))
        except (tarfile.TarError, OSError, EOFError, ValueError, lzma.LZMAError) as failed:
            yield Member("", error=f"{name}: is not a readable tar archive ({one_line(failed)})")
            return
        yield from _members(tar, name, error, max_bytes, wanted)


def _open(stream: Any, plain: bool, settings: Any) -> _Archive:
    # What is packed is read from the front to the end, as is what cannot be sought in.
    streamed = not plain or not stream.seekable()
    mode: Any = "r|" if streamed else "r:"
    archive: Any = _Archive.open(mode=mode, fileobj=stream, **settings)
    archive.streamed = streamed
    return archive


def _members(
    tar: _Archive,
    name: str,
    error: type[SpotterError],
    max_bytes: int,
    wanted: Callable[[str], bool],
) -> Iterator[Member]:
    notes, found = tar.notes, False
    while True:
        try:
            header = tar.next()
        except Exception as failed:
            # zlib, lzma and tarfile raise many kinds.
            lines = [*notes.lines, f"is cut short or damaged ({one_line(failed)})"]
            yield Member("", error=f"{name}: {lines[0]}")
            return
        for line in notes.lines:
            yield Member("", error=f"{name}: {line}")
        notes.lines.clear()
        # Else every header stays in memory.
        tar.members = []  # type: ignore[attr-defined]
        if header is None:
            break
        found = True
        if header.isdir() or not wanted(header.name):
            continue
        yield _member(tar, header, name, error, max_bytes)
    if not found:
        yield Member("", error=f"{name}: no file in it")


def _member(
    tar: _Archive,
    header: tarfile.TarInfo,
    archive: str,
    error: type[SpotterError],
    max_bytes: int,
) -> Member:
    name = printable_path(header.name.removeprefix("./"))
    shown = f"{archive}/{name}"
    if not header.isreg():
        return Member(name, error=f"{shown}: is not a regular file")
    if header.size > max_bytes:
        return Member(name, error=f"{shown}: {header.size} bytes exceed the limit of {max_bytes}")

    def read() -> bytes:
        try:
            data = tar.extractfile(header).read()  # type: ignore[union-attr]
        except Exception as failed:
            raise error(f"{shown}: is cut short or damaged ({one_line(failed)})") from None
        if len(data) != header.size:
            raise error(f"{shown}: is cut short: {len(data)} of {header.size} bytes")
        return data

    return Member(name, header.size, read, None, None if tar.streamed else header.offset_data)
