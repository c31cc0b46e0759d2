"""Annotations of one entry per line, read when asked for: millions of lines open at once."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

from spotter.data.readers.base import FileReader
from spotter.data.readers.packed import LineFile, progress


class LineReader(FileReader):
    """A text file whose lines are samples; a subclass parses one (:meth:`_parse`).

    Kept in memory are 4 MB per million lines (:class:`LineFile`), shared by worker processes.

    Args:
        annotation_file: The file; a byte order mark and blank lines are skipped.
        image_root: Folder that the lines' paths are relative to; ``None``: the file's own.
        check: Parse all lines at once, so that a malformed line is an error at once and not when it
            is read; always done when not ``strict``.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: The file cannot be read; a line is malformed (named by file and line).
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        check: bool = True,
        strict: bool = True,
    ) -> None:
        self.check = check
        super().__init__(annotation_file, image_root, strict)

    def _load(self) -> None:
        self._line_file = LineFile(self.file)
        if not self.check and self.strict:
            return
        lines, good = self._line_file, []
        with self.file.open("rb") as file:
            for index in progress(range(len(lines)), f"Checking {self.file.name}"):
                with self._refusing():
                    self._parse(lines.read(index, file), lines.number(index))
                    good.append(index)
        lines.keep(good)

    def _total(self) -> int:
        return len(self._line_file)

    def _read(self, index: int) -> dict[str, Any]:
        return self._parse(self._line_file[index], self._line_file.number(index))

    @abstractmethod
    def _parse(self, line: str, number: int) -> dict[str, Any]:
        """The canonical sample of a line.

        Raises:
            AnnotationError: The line is malformed; the message starts with ``file:number``.
        """
