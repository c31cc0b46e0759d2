"""CUTE80 (Risnumawan et al., 2014): 288 crops of curved words."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.lines import LineReader
from spotter.errors import AnnotationError
from spotter.registry import READERS


@READERS.register_module()
class CUTE80Reader(LineReader):
    """Lines ``timage/001.jpg RONALDO 1 RONALDO``, as the recognition labels are passed around.

    The photos' authors published outlines without words; the labels in use are a list that gives
    the word, a count and the word again. Read are the word of four fields, of three fields with a
    number (``001.jpg 1 RONALDO`` or ``001.jpg RONALDO 1``) that which is not the number, of two the
    second. Words have no spaces.

    Arguments are those of :class:`LineReader`.

    Raises:
        AnnotationError: The list is missing; a line is malformed (named by file and line), or has
            three fields of which it cannot be said which is the word.
    """

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        fields = line.split()
        word = _word(fields[1:])
        if word is None:
            expected = f"expected 001.jpg WORD 1 WORD, found {line[:60]!r}"
            raise AnnotationError(f"{self.file}:{number}: {expected}")
        return {"img_path": str(self.image_root / fields[0]), "text": word}


def _word(fields: list[str]) -> str | None:
    """The word of the fields behind the name, ``None`` if it cannot be said which it is."""
    if len(fields) == 1 or (len(fields) == 3 and fields[1].isdecimal()):
        return fields[0]
    if len(fields) == 2 and fields[0].isdecimal() != fields[1].isdecimal():
        return fields[0] if fields[1].isdecimal() else fields[1]
    return None
