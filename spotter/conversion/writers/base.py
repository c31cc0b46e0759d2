"""The base of all writers: a set that grows sample by sample and can be continued."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from spotter.conversion.images import ImageStore
from spotter.errors import ConfigError

Task: TypeAlias = Literal["detection", "recognition"]
#: What a writer needs to know to go on from where it was: sizes of files, counts.
WriterState: TypeAlias = "dict[str, Any]"

ILLEGIBLE = "###"


class Writer(ABC):
    """One layout that sets are written in.

    A writer appends samples under temporary names and renames when all are there. Between the two,
    :meth:`checkpoint` gives a state from which another writer goes on; what was written after it is
    dropped then.

    Args:
        root: Folder of the set; it exists.
        images: Brings the images there.
        task: Kind of the samples.
        state: What :meth:`checkpoint` of the interrupted run gave last; ``None``: a new set.

    Raises:
        ConfigError: The layout does not hold samples of this kind.
    """

    tasks: tuple[Task, ...] = ("detection", "recognition")
    flat_images = False

    def __init__(
        self, root: Path, images: ImageStore, task: Task, state: WriterState | None = None
    ) -> None:
        self.root = root
        self.images = images
        self.task = task
        self._open(state or {})

    @abstractmethod
    def _open(self, state: WriterState) -> None:
        """Open the files, cut back to the state."""

    @abstractmethod
    def write(self, sample: dict[str, Any], index: int) -> None:
        """Append one canonical sample.

        Args:
            sample: See :mod:`spotter.data.readers`.
            index: Its number in the source.

        Raises:
            SpotterError: The sample cannot be written; nothing of it was.
        """

    @abstractmethod
    def checkpoint(self) -> WriterState:
        """Flush everything to the disk, and give a state from which a later run continues."""

    @abstractmethod
    def finish(self) -> list[Path]:
        """Complete the set and give it its final names, which are returned."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open; the set can be gone on with."""


class GrowingFile:
    """A text file that is written line by line as ``<name>.part`` until it is complete.

    Args:
        path: Final name.
        size: Bytes of the unfinished file to keep; the rest is cut off.
    """

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        try:
            if size and not self.part.exists():
                # Interrupted after it got its name.
                os.replace(self.path, self.part)
            self._file = self.part.open("r+b" if size else "wb")
        except OSError as error:
            raise ConfigError(f"{self.part}: cannot be opened ({error.strerror})") from None
        self._file.truncate(size)
        self._file.seek(size)

    def write(self, text: str) -> None:
        """Append text as UTF-8."""
        self._file.write(text.encode("utf-8"))

    def size(self) -> int:
        """Bytes so far, all of them on their way to the disk."""
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        """Close the unfinished file."""
        self._file.close()

    def finish(self) -> Path:
        """Close the file and give it its name."""
        self.close()
        os.replace(self.part, self.path)
        return self.path


class ListWriter(Writer):
    """A writer of one text file, a line per sample."""

    file_names: dict[Task, str]

    def _open(self, state: WriterState) -> None:
        self._lines = GrowingFile(self.root / self.file_names[self.task], state.get("size", 0))

    @abstractmethod
    def line(self, sample: dict[str, Any], index: int) -> str:
        """The sample's line, without its end."""

    def write(self, sample: dict[str, Any], index: int) -> None:
        """See :meth:`Writer.write`."""
        self._lines.write(self.line(sample, index) + "\n")

    def checkpoint(self) -> WriterState:
        """See :meth:`Writer.checkpoint`."""
        return {"size": self._lines.size()}

    def finish(self) -> list[Path]:
        """See :meth:`Writer.finish`."""
        return [self._lines.finish()]

    def close(self) -> None:
        """See :meth:`Writer.close`."""
        self._lines.close()


def numbers(values: np.ndarray) -> list[float]:
    """Values as the shortest decimals that give the same float32."""
    return [float(str(value)) for value in np.asarray(values, np.float32).ravel()]


def points(polygon: np.ndarray) -> list[list[float]]:
    """A polygon as JSON-ready pairs, see :func:`numbers`."""
    flat = numbers(polygon)
    return [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]


def one_line(text: str) -> str:
    """Text for a layout in which a line break ends the entry: breaks and tabs become spaces."""
    return " ".join(text.replace("\t", " ").splitlines())
