"""Sequences of millions of entries in a few bytes each, shared by the worker processes.

Lists of Python objects cost hundreds of bytes per entry, and every worker of a loader ends up with
its own copy, because counting references writes to them. Arrays do neither.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from spotter.data.readers.base import decode_line
from spotter.errors import AnnotationError
from spotter.io.bounded import MEBI, failures_as, open_regular
from spotter.io.names import printable_path

_BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 24
_LONG = 200_000
_LONGEST_LINE = 64 * MEBI

Item = TypeVar("Item")


def progress(items: Sequence[Item], label: str, long: int = _LONG) -> Iterable[Item]:
    """The items; if there are many, with a progress bar on standard error.

    Args:
        items: What to go through.
        label: Text before the bar.
        long: Least number of items that get a bar.
    """
    if len(items) < long:
        return items
    # Few sets are that long, and readers are imported wherever photos are read.
    from rich.console import Console
    from rich.progress import track

    return track(items, label, console=Console(stderr=True), transient=True)


class LineFile:
    """Lines of a UTF-8 text file, found by their byte offsets and read when asked for.

    A byte order mark and blank lines are left out; line ends may be ``\\n`` or ``\\r\\n``. Memory:
    4 MB per million lines, 8 MB for files beyond 4 GB. The file must not change meanwhile.

    Args:
        path: The file.

    Raises:
        AnnotationError: The file does not exist; when read, a line is not UTF-8, or longer than
            64 MiB.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        # Opening a pipe would block.
        open_regular(self.path, AnnotationError).close()
        with failures_as(AnnotationError, printable_path(path), "cannot be read"):
            self._starts, self._size = _line_starts(self.path)
            self._kept = self._without_blank_lines()

    def _without_blank_lines(self) -> np.ndarray | None:
        """Positions of the lines that are not blank; ``None``: all of them."""
        lengths = np.diff(self._starts, append=self._starts.dtype.type(self._size))
        # A longer blank line is treated as a malformed line.
        short = np.flatnonzero(lengths <= 2)
        with self.path.open("rb") as file:
            blank = [i for i in short.tolist() if not self._raw(file, i).strip()]
        return np.delete(np.arange(len(lengths), dtype=np.uint32), blank) if blank else None

    def _raw(self, file: BinaryIO, position: int) -> bytes:
        start = int(self._starts[position])
        last = position + 1 == len(self._starts)
        end = self._size if last else int(self._starts[position + 1])
        if end - start > _LONGEST_LINE:
            where = f"{self.path}:{position + 1}"
            raise AnnotationError(f"{where}: a line of {end - start} bytes")
        file.seek(start)
        return file.read(end - start)

    def _position(self, index: int) -> int:
        return index if self._kept is None else int(self._kept[index])

    def __len__(self) -> int:
        return len(self._starts if self._kept is None else self._kept)

    def number(self, index: int) -> int:
        """Number of an entry's line in the file, from 1, for error messages."""
        return self._position(index) + 1

    def __getitem__(self, index: int) -> str:
        # Opened every time: an open file shares its position across forks, and cannot be pickled.
        with self.path.open("rb") as file:
            return self.read(index, file)

    def read(self, index: int, file: BinaryIO) -> str:
        """A line, from the file that was opened for reading many.

        Raises:
            AnnotationError: The line is not UTF-8, or too long.
        """
        return decode_line(self._raw(file, self._position(index)), self.path, self.number(index))

    def keep(self, indices: Sequence[int]) -> None:
        """Leave all lines out but these of the present ones."""
        if len(indices) == len(self):
            return
        kept = np.asarray(indices, dtype=np.uint32)
        self._kept = kept if self._kept is None else self._kept[kept]


def _line_starts(path: Path) -> tuple[np.ndarray, int]:
    """Byte offset of every line's start, and the size of the file."""
    size = path.stat().st_size
    kind = np.uint32 if size <= np.iinfo(np.uint32).max else np.uint64
    parts: list[np.ndarray] = [np.zeros(1, kind)]
    with path.open("rb") as file:
        if file.read(len(_BOM)) == _BOM:
            parts = [np.full(1, len(_BOM), kind)]
        file.seek(0)
        done = 0
        while chunk := file.read(_CHUNK):
            feeds = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
            parts.append((feeds + (done + 1)).astype(kind))
            done += len(chunk)
    starts = np.concatenate(parts)
    # What follows the last line feed is a line only if it is not empty.
    return (starts[:-1] if starts[-1] >= size else starts), size


class PackedStrings:
    """Strings, one behind the other in one block of UTF-8.

    Memory: the bytes of the strings, and 4 MB per million for where they end (8 MB beyond 4 GB).

    Args:
        strings: The strings.
    """

    def __init__(self, strings: Iterable[str]) -> None:
        block, ends = bytearray(), array("Q")
        for string in strings:
            # JSON can hold half a surrogate pair, which has no UTF-8 of its own.
            block += string.encode("utf-8", "surrogatepass")
            ends.append(len(block))
        self._block = bytes(block)
        kind = np.uint32 if len(block) <= np.iinfo(np.uint32).max else np.uint64
        self._ends = np.frombuffer(ends, np.uint64).astype(kind) if ends else np.empty(0, kind)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> str:
        start = int(self._ends[index - 1]) if index else 0
        return self._block[start : int(self._ends[index])].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))


class PackedScenes:
    """Photos and their canonical instances.

    Memory: per photo the bytes of its path and 8; per instance 8 for each vertex, 9, and the bytes
    of the text: some 50 MB per million words.

    Args:
        scenes: Pairs of the photo's path and its instances.
    """

    def __init__(self, scenes: Iterable[tuple[str, Sequence[dict[str, Any]]]]) -> None:
        paths: list[str] = []
        texts: list[str] = []
        flags, points = bytearray(), array("f")
        instance_ends, point_ends = array("Q"), array("Q")
        for path, instances in scenes:
            paths.append(path)
            for instance in instances:
                points.frombytes(np.asarray(instance["polygon"], np.float32).tobytes())
                point_ends.append(len(points) // 2)
                texts.append(instance["text"] or "")
                flags.append(instance["ignore"])
            instance_ends.append(len(texts))
        self._paths = PackedStrings(paths)
        self._texts = PackedStrings(texts)
        self._ignore = np.array(flags, np.bool_)
        self._points = np.array(points, np.float32).reshape(-1, 2)
        self._point_ends = np.array(point_ends, np.uint32)
        self._instance_ends = np.array(instance_ends, np.uint32)

    def __len__(self) -> int:
        return len(self._paths)

    def path(self, index: int) -> str:
        """Path of a photo."""
        return self._paths[index]

    def instances(self, index: int) -> list[dict[str, Any]]:
        """Fresh instances of a photo."""
        first = int(self._instance_ends[index - 1]) if index else 0
        return [self._instance(number) for number in range(first, int(self._instance_ends[index]))]

    def _instance(self, number: int) -> dict[str, Any]:
        start = int(self._point_ends[number - 1]) if number else 0
        return {
            "polygon": self._points[start : int(self._point_ends[number])].copy(),
            "text": self._texts[number] or None,
            "ignore": bool(self._ignore[number]),
        }
