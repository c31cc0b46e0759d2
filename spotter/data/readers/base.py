"""What all readers share: a lazily read sequence of samples, of which a part can be selected."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spotter.data.images import IMAGE_SUFFIXES
from spotter.errors import AnnotationError


class Reader(ABC):
    """A sequence of canonical samples.

    Args:
        indices: Positions of the samples to keep, in this order.
        start: First sample to keep, when ``indices`` is not given.
        stop: One past the last sample to keep; negative values count from the end.

    Raises:
        AnnotationError: An index lies outside the annotation.
    """

    def __init__(
        self,
        indices: Sequence[int] | None = None,
        start: int | None = None,
        stop: int | None = None,
    ) -> None:
        total = self._total()
        self._selection: Sequence[int]
        if indices is None:
            self._selection = range(total)[start:stop]
            return
        if start is not None or stop is not None:
            raise AnnotationError("give a reader either indices or start and stop, not both")
        outside = [index for index in indices if not 0 <= index < total]
        if outside:
            raise AnnotationError(f"index {outside[0]} outside an annotation of {total} samples")
        self._selection = list(indices)

    @abstractmethod
    def _total(self) -> int:
        """Number of samples of the whole annotation."""

    @abstractmethod
    def _read(self, index: int) -> dict[str, Any]:
        """A fresh sample, which the caller may modify."""

    def __len__(self) -> int:
        return len(self._selection)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._read(self._selection[index])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))


def natural_key(path: str | Path) -> list[tuple[int, int | str]]:
    """Sort key under which ``img_2`` comes before ``img_10``."""
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts if part]


def list_images(root: Path, recursive: bool = False) -> list[Path]:
    """Image files of a folder in natural order.

    Raises:
        AnnotationError: ``root`` is no folder.
    """
    if not root.is_dir():
        raise AnnotationError(f"{root}: no such folder")
    found = root.rglob("*") if recursive else root.iterdir()
    return sorted((p for p in found if p.suffix.lower() in IMAGE_SUFFIXES), key=natural_key)


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Numbered lines of a UTF-8 text file (a byte order mark is dropped), without the blank ones.

    Raises:
        AnnotationError: The file does not exist or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None
    lines = []
    # Only line feeds end a line: str.splitlines would also cut at U+2028 inside a word.
    for number, raw in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            line = raw.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError:
            raise AnnotationError(f"{path}:{number}: not UTF-8") from None
        if line.strip():
            lines.append((number, line))
    return lines
