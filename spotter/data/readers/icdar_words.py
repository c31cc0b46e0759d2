"""Word crops listed in the layout of ICDAR: ``word_1.png, "text"``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from spotter.data.readers.lines import LineReader
from spotter.errors import AnnotationError
from spotter.registry import READERS

_LINE = re.compile(r'^([^,]+),\s*"(.*)"\s*$')
_ESCAPE = re.compile(r'\\(["\\])')


@READERS.register_module()
class ICDARWordListReader(LineReader):
    r"""Word crops with a list of lines ``word_1.png, "text"``, escapes being ``\"`` and ``\\``.

    Arguments are those of :class:`LineReader`.

    Raises:
        AnnotationError: A line is malformed (named by file and line) or the list is missing.
    """

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        name, text = parse_word_line(line, self.file, number)
        return {"img_path": str(self.image_root / name), "text": text}


def parse_word_line(line: str, file: str | Path, number: int) -> tuple[str, str | None]:
    """Name of the crop and its text, ``None`` when that is empty.

    Raises:
        AnnotationError: The line is not ``name, "text"``.
    """
    match = _LINE.match(line)
    if match is None:
        raise AnnotationError(f'{file}:{number}: expected name, "text", found {line[:60]!r}')
    return match.group(1).strip(), unescape(match.group(2)) or None


def unescape(text: str) -> str:
    r"""What stands between the quotes of an ICDAR label, with ``\"`` and ``\\`` resolved."""
    return _ESCAPE.sub(r"\1", text)
