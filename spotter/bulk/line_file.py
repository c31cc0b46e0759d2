"""A file to which photos are appended, each with its lines of JSON, and which may be cut off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from spotter.bulk.records import Line, begins_result, scan_line
from spotter.errors import AnnotationError
from spotter.io.names import printable_path


class LineFile:
    """Lines of JSON, those of a photo written at once; what was cut off is removed.

    A last line without an end counts as cut off if it begins as the line of a result does, stands
    below one, or stands in a journal. Any other was written by somebody else, and is refused.

    Args:
        path: The file; made if missing.
        cut: Whether its writer may have been cut off. Then a document at its end is removed, too,
            as it does not show whether all of its pages are there.
        start: Where the lines of photos begin.

    Attributes:
        photos: How many it holds.

    Raises:
        AnnotationError: A line is none of a result, and none that was cut off.
        OSError: The file cannot be read or written.
    """

    def __init__(self, path: Path, cut: bool = True, start: int = 0) -> None:
        self.path, self.photos, self._start = path, 0, start
        end = self._scan(cut) if path.is_file() else 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        os.ftruncate(self._file, end)

    def _scan(self, cut: bool) -> int:
        """Count the photos; where the last of those that are kept ends."""
        end = before = self._start
        last: Line | None = None
        for number, raw in enumerate(self.lines(), start=1):
            line, whole = scan_line(raw), raw.endswith(b"\n")
            if not whole and (last or self._start or begins_result(raw)):
                break
            if raw.strip() and not (line and whole):
                name = printable_path(self.path)
                raise AnnotationError(f"{name}:{number}: not a result line")
            if line is not None and not line.continues(last):
                self.photos += 1
                before, last = end, line
            end += len(raw)
        if cut and last is not None and last.paged:
            self.photos -= 1
            return before
        return end

    def lines(self) -> Iterator[bytes]:
        """The lines of photos."""
        with self.path.open("rb") as file:
            file.seek(self._start)
            yield from file

    def append(self, data: bytes) -> None:
        """Write the lines of a photo.

        Raises:
            OSError: They cannot be written; the lines before stay, and nothing of these does.
        """
        before = os.lseek(self._file, 0, os.SEEK_END)
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            os.ftruncate(self._file, before)
            raise
        self.photos += 1

    def close(self) -> None:
        """Have the file on the disk."""
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)
