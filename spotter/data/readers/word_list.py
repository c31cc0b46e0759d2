"""Word crops in a plain list: ``path text``, with a space or a tab between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotter.data.readers.lines import LineReader
from spotter.errors import AnnotationError
from spotter.io.images import IMAGE_SUFFIXES
from spotter.registry import READERS


@READERS.register_module()
class WordListReader(LineReader):
    """Word crops with a list of lines ``path text``.

    Args:
        annotation_file: The list.
        image_root: Folder that the paths in the list are relative to; by default the list's own.
        delimiter: What parts path and text; ``None`` is the first run of white space, so that the
            text may contain spaces and tabs. A path with spaces is parted from its text by the
            first tab: where what is before that tab ends like an image, or the first word of the
            line does not.
        labelled: ``False``: lines hold a path only, and every text is unknown.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: A line is malformed (named by file and line) or the list is missing.
    """

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        delimiter: str | None = None,
        labelled: bool = True,
        strict: bool = True,
    ) -> None:
        self.delimiter = delimiter
        self.labelled = labelled
        super().__init__(annotation_file, image_root, strict=strict)

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        if not self.labelled:
            return {"img_path": str(self.image_root / line.strip()), "text": None}
        line = line.lstrip()
        delimiter = self.delimiter or ("\t" if _has_spaced_path(line) else None)
        path, *text = line.split(delimiter, 1)
        if not text or not text[0].strip():
            found = f"found {line[:60]!r}"
            raise AnnotationError(f"{self.file}:{number}: expected path and text, {found}")
        return {"img_path": str(self.image_root / path.strip()), "text": text[0].strip()}


def _has_spaced_path(line: str) -> bool:
    """Whether the first tab of a line parts path and text, and no white space before it does."""
    before, tab, text = line.partition("\t")
    if not tab or before.rstrip().lower().endswith(IMAGE_SUFFIXES):
        return bool(tab)
    return bool(text.strip()) and not before.split(None, 1)[0].lower().endswith(IMAGE_SUFFIXES)
