"""Word crops listed in the layout of ICDAR: ``word_1.png, "text"``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spotter.data.readers.base import Reader
from spotter.errors import AnnotationError
from spotter.registry import READERS

_LINE = re.compile(r'^([^,]+),\s*"(.*)"\s*$')
_ESCAPE = re.compile(r'\\(["\\])')


@READERS.register_module()
class ICDARWordListReader(Reader):
    r"""Word crops with a list of lines ``word_1.png, "text"``, escapes being ``\"`` and ``\\``.

    Args:
        annotation_file: The list.
        image_root: Folder that the names in the list are relative to; by default the list's own.
        indices: See :class:`Reader`.
        start: See :class:`Reader`.
        stop: See :class:`Reader`.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: A line is malformed (named by file and line) or the list is missing.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        indices: Sequence[int] | None = None,
        start: int | None = None,
        stop: int | None = None,
        strict: bool = True,
    ) -> None:
        self.file = Path(annotation_file)
        self.image_root = self.file.parent if image_root is None else Path(image_root)
        super().__init__(indices, start, stop, strict)

    def _load(self) -> None:
        self._samples: list[tuple[str, str | None]] = []
        for number, line in self._lines(self.file):
            with self._refusing():
                self._samples.append(parse_word_line(line, self.file, number))

    def _total(self) -> int:
        return len(self._samples)

    def _read(self, index: int) -> dict[str, Any]:
        name, text = self._samples[index]
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
