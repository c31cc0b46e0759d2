"""Reading JSON annotations: damage is named by file and line, a wrong field by its place."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from spotter.data.readers.base import MAX_BYTES, read_bytes
from spotter.errors import AnnotationError
from spotter.geometry import MAX_COORDINATE
from spotter.io.bounded import load_json as load_bounded
from spotter.io.bounded import unzip
from spotter.schema import shown

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


def load_json(path: str | Path) -> Any:
    """The document of a JSON file in UTF-8; a byte order mark is dropped, gzip is unpacked.

    Raises:
        AnnotationError: The file cannot be read, is empty, not UTF-8 or not JSON as
            :func:`parse_json` reads it; line and column tell where it ends to be.
    """
    path = Path(path)
    data = read_bytes(path)
    if path.suffix == ".gz" or data[:2] == _GZIP:
        data = unzip(data, str(path), AnnotationError, MAX_BYTES)
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AnnotationError(f"{path}:{line}: not UTF-8") from None
    if not text.strip():
        raise AnnotationError(f"{path}: is empty, not JSON")
    return parse_json(text, str(path), 1)


def parse_json(text: str, path: str | Path, line: int) -> Any:
    """The value that a JSON text holds: finite numbers, at most 300 digits, 64 levels of nesting.

    Args:
        text: The JSON.
        path: The file it is from, for the error message.
        line: The line of the file at which it begins.

    Raises:
        AnnotationError: It is no such JSON; line and column tell where it ends to be.
    """
    try:
        return load_bounded(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        hint = "; it seems to be cut off" if cut else ""
        reason = f"{error.msg}: column {error.colno}{hint}"
        raise AnnotationError(f"{path}:{line + error.lineno - 1}: not JSON, {reason}") from None
    except ValueError as error:
        raise AnnotationError(f"{path}:{line}: not JSON ({error})") from None


def field(record: Any, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    """A field that must be there and of a kind.

    Args:
        record: A JSON object.
        key: Name of the field.
        kind: What :func:`isinstance` accepts.
        where: Place of the record, for the error message.

    Raises:
        AnnotationError: ``record`` is no object, or has no such field of that kind.
    """
    if not isinstance(record, dict):
        raise AnnotationError(f"{where}: expected an object with {key}, found {shown(record)}")
    if key not in record:
        raise AnnotationError(f"{where}: has no {key}")
    return checked(record[key], kind, f"{where}: {key}")


def checked(value: Any, kind: type | tuple[type, ...], where: str) -> Any:
    """The value, if it is of a kind.

    Raises:
        AnnotationError: It is not.
    """
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        names = " or ".join(_JSON_NAMES.get(item, item.__name__) for item in kinds)
        raise AnnotationError(f"{where}: expected {names}, found {shown(value)}")
    return value


def text_of(value: Any, where: str) -> str | None:
    """A transcription without white space around it, ``None`` when nothing is left.

    Raises:
        AnnotationError: It is neither a string nor null.
    """
    return None if value is None else checked(value, str, where).strip() or None


def flag_of(value: Any, where: str, default: bool = False) -> bool:
    """The value of a field that is ``true``, ``false``, 1 or 0; ``default`` for null.

    Raises:
        AnnotationError: It is anything else, such as ``"no"``.
    """
    if value is None:
        return default
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise AnnotationError(f"{where}: expected true or false, found {shown(value)}")


def number_of(value: Any, where: str, largest: float = MAX_COORDINATE) -> float:
    """A field that is a finite number of at most ``largest``, up or down.

    Raises:
        AnnotationError: It is anything else, such as ``true`` or ``"1"``.
    """
    real = isinstance(value, int | float) and not isinstance(value, bool)
    # Not a number is never at most anything.
    if not real or not abs(value) <= largest or not math.isfinite(value):
        raise AnnotationError(f"{where}: expected a number, found {shown(value)}")
    return float(value)


def box_of(value: Any, where: str) -> list[float]:
    """The four numbers of a ``bbox``.

    Raises:
        AnnotationError: It is no list of four numbers.
    """
    if not isinstance(value, list) or len(value) != 4:
        raise AnnotationError(f"{where}: has neither polygon nor bbox")
    return [number_of(side, f"{where}: bbox") for side in value]


_JSON_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    type(None): "null",
}
