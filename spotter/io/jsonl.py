"""Answers of a long run, one JSON line per image, that a later run goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from spotter.errors import AnnotationError


class JsonLines:
    """Appends records to a file and knows which images it holds already.

    A last line that was cut off by an interruption is removed when the file is opened.

    Args:
        path: The file; it and its folder are made if missing.

    Attributes:
        done: Names of the images that have a line.

    Raises:
        AnnotationError: A line other than the last is not a record with an ``image``.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.done = self._repair()
        self._file = self.path.open("a", encoding="utf-8")

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def append(self, record: dict[str, Any]) -> None:
        """Write one record; it is on its way to the disk when this returns."""
        self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._file.flush()
        self.done.add(record["image"])

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
                try:
                    yield json.loads(line)
                except ValueError:
                    raise AnnotationError(f"{path}:{number}: not JSON") from None
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror})") from None


def _image_of(line: bytes) -> str | None:
    try:
        name = json.loads(line)["image"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None
