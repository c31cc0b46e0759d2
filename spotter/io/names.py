"""File names and foreign error messages as printable text on one line."""

from __future__ import annotations

import os
from typing import Any


def printable_path(path: str | bytes | os.PathLike[Any]) -> str:
    """A path as text that any terminal, JSON file or log can hold.

    Bytes of a file name that are not UTF-8 become ``\\xNN``; control characters (a file name may
    hold line breaks) are escaped, too.
    """
    raw = os.fspath(path)
    try:
        text = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # JSON can hold lone surrogates, which are no bytes of a file name.
        text = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    shown = text.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def one_line(error: BaseException, limit: int = 200) -> str:
    """The message of a foreign error on one line; its type's name where it has none."""
    text = " ".join(str(error).split())
    return text[:limit] or type(error).__name__
