"""Reading JSON annotations: damage is named by file and line, a wrong field by its place."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from spotter.data.readers.base import read_bytes
from spotter.errors import AnnotationError

_BOM = b"\xef\xbb\xbf"


def load_json(path: str | Path) -> Any:
    """The document of a JSON file in UTF-8; a byte order mark is dropped, ``.gz`` is unpacked.

    Raises:
        AnnotationError: The file cannot be read, is empty, not UTF-8 or not JSON; line and column
            tell where it ends to be.
    """
    path = Path(path)
    data = read_bytes(path)
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise AnnotationError(f"{path}: cannot be unpacked ({error})") from None
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AnnotationError(f"{path}:{line}: not UTF-8") from None
    if not text.strip():
        raise AnnotationError(f"{path}: is empty, not JSON")
    return parse_json(text, str(path), 1)


def parse_json(text: str, path: str | Path, line: int) -> Any:
    """The value that a JSON text holds.

    Args:
        text: The JSON.
        path: The file it is from, for the error message.
        line: The line of the file at which it begins.

    Raises:
        AnnotationError: It is not JSON; line and column tell where it ends to be.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        hint = "; it seems to be cut off" if cut else ""
        reason = f"{error.msg}: column {error.colno}{hint}"
        raise AnnotationError(f"{path}:{line + error.lineno - 1}: not JSON, {reason}") from None
    except (ValueError, RecursionError) as error:
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
        raise AnnotationError(f"{where}: expected an object with {key}, found {_shown(record)}")
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
        raise AnnotationError(f"{where}: expected {names}, found {_shown(value)}")
    return value


def text_of(value: Any, where: str) -> str | None:
    """A transcription without white space around it, ``None`` when nothing is left.

    Raises:
        AnnotationError: It is neither a string nor null.
    """
    return None if value is None else checked(value, str, where).strip() or None


_JSON_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    type(None): "null",
}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
