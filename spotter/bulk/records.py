"""Lines of JSON as they stand in outputs, looked at without parsing all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from spotter.errors import AnnotationError
from spotter.io.bounded import parse_json

# How a line of a photo that could be read begins and ends; a line that was cut off does not end so.
_START = b'{"image": "'
_NO_ERROR = b'"error": null}'

Record = dict[str, Any]
"""What becomes a line: at least ``image``, the name of the photo, and ``error``."""


@dataclass
class Answered:
    """The lines of a photo.

    Attributes:
        name: Of the photo.
        data: Its lines.
        failed: Whether it, or a page of it, could not be read.
    """

    name: str
    data: bytes = b""
    failed: bool = False

    @staticmethod
    def of(name: str, records: Iterable[Record]) -> Answered:
        """Those of some records."""
        pages = list(records)
        failed = any(page["error"] is not None for page in pages)
        return Answered(name, b"".join(map(to_line, pages)), failed)


class Line:
    """What a run needs to know of a line.

    Attributes:
        image: Name of the photo.
        paged: Whether it is a page of a document.
        failed: Whether it says that the photo could not be read.
    """

    __slots__ = ("failed", "image", "paged")

    def __init__(self, image: str, paged: bool, failed: bool) -> None:
        self.image, self.paged, self.failed = image, paged, failed

    def continues(self, before: Line | None) -> bool:
        """Whether it is another page of the document whose line stands before it."""
        return before is not None and self.paged and before.paged and self.image == before.image


def scan_line(line: bytes) -> Line | None:
    """The line of a result; ``None``, if it is none or was cut off."""
    text = line.rstrip()
    if not (text.startswith(_START) and text.endswith(_NO_ERROR)):
        return _parsed(line)
    try:
        whole = text.decode("utf-8")
        image, end = scanstring(whole, len(_START))
    except ValueError:
        return None
    return Line(image, whole.startswith(', "page": ', end), False)


def begins_result(line: bytes) -> bool:
    """Whether a line that was cut off can be the beginning of a result."""
    return line.startswith(_START) or _START.startswith(line)


def _parsed(line: bytes) -> Line | None:
    try:
        record = parse_json(line, "line", AnnotationError)
    except AnnotationError:
        return None
    image = record.get("image") if isinstance(record, dict) else None
    if not isinstance(image, str):
        return None
    return Line(image, record.get("page") is not None, record.get("error") is not None)


def scan_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """What a run needs to know of lines, of which those that are no result are left out."""
    for raw in lines:
        line = scan_line(raw)
        if line is not None:
            yield line


def to_line(record: Record) -> bytes:
    """A record as a line of UTF-8; halves of surrogate pairs, which have no UTF-8, are escaped."""
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
