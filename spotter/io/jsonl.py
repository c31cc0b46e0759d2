"""Results of a long run, one JSON line per image, which a later run continues."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from spotter.errors import AnnotationError
from spotter.io.bounded import parse_json
from spotter.io.locks import OutputLock
from spotter.io.names import one_line, printable_path


class JsonLines:
    """Appends records to a file and knows which images it holds already.

    A last line that was cut off by an interruption is removed when the file is opened.

    Args:
        path: The file; it and its folder are made if missing.

    Attributes:
        done: Names of the images that have a line.

    Raises:
        AnnotationError: A line other than the last is not a record with an ``image``.
        ConfigError: Another process writes the file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with self._written():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = OutputLock(self.path, "give another output")
            try:
                self.done = self._repair()
                # Without a buffer nothing that could not be written is tried again at the end.
                self._file = self.path.open("ab", buffering=0)
            except BaseException:
                self._lock.release()
                raise

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._written():
            self._file.close()
            self._lock.release()

    def append(self, *records: dict[str, Any]) -> None:
        """Write the record of an image, or those of its pages; on their way to the disk on return.

        Raises:
            AnnotationError: They cannot be written, such as on a full disk; the lines before stay,
                and nothing of these does.
        """
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        data = lines.encode("utf-8", "backslashreplace")
        with self._written():
            before = self._file.seek(0, os.SEEK_END)
            try:
                while data:
                    data = data[self._file.write(data) :]
            except OSError:
                self._file.truncate(before)
                raise
        self.done.update(record["image"] for record in records)

    @contextmanager
    def _written(self) -> Iterator[None]:
        """Turns errors of the file system into one line."""
        try:
            yield
        except OSError as error:
            name = printable_path(self.path)
            reason = error.strerror or one_line(error)
            raise AnnotationError(f"{name}: cannot be written ({reason})") from None

    def _repair(self) -> set[str]:
        if not self.path.is_file():
            return set()
        done, end = set(), 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                name = _image_of(line)
                if name is not None:
                    done.add(name)
                elif not line.endswith(b"\n"):
                    break
                elif line.strip():
                    raise AnnotationError(f"{self.path}:{number}: not a result line")
                end += len(line)
        with self.path.open("rb+") as file:
            file.truncate(end)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":
                    file.write(b"\n")
        return done


def read_json_lines(path: str | Path) -> Iterator[dict[str, Any]]:
    """The records of a file that :class:`JsonLines` wrote.

    Raises:
        AnnotationError: The file is missing, or a line is not JSON.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                yield parse_json(line, f"{path}:{number}", AnnotationError)
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: cannot be read ({one_line(error)})") from None


def _image_of(line: bytes) -> str | None:
    try:
        record = parse_json(line, "line", AnnotationError)
    except AnnotationError:
        return None
    name = record.get("image") if isinstance(record, dict) else None
    return name if isinstance(name, str) else None
