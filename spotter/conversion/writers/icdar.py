"""The layouts of ICDAR2015: a text file per photo; a list of word crops."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from spotter.conversion.images import in_stored_pixels
from spotter.conversion.writers.base import (
    ILLEGIBLE,
    GrowingFile,
    Writer,
    WriterState,
    numbers,
    one_line,
)
from spotter.errors import AnnotationError
from spotter.geometry import min_area_rect
from spotter.io.writing import write_file

_ESCAPED = re.compile(r'(["\\])')


class ICDARWriter(Writer):
    """Photos as ``gt/gt_<stem>.txt``, word crops as ``gt.txt``.

    A photo's lines are ``x1,y1,..,x4,y4,text`` with ``###`` for ignored words and no text for
    unlabelled ones; the smallest rectangle stands for a curved outline. Corners are rounded to
    whole pixels, as the evaluation script of the challenge takes nothing else. Copied photos lie
    flat in ``images``. A crop's line is ``word_1.png, "text"``.

    Attributes:
        flattened: Curved outlines of which only the rectangle was written.
    """

    flat_images = True

    def _open(self, state: WriterState) -> None:
        self.flattened: int = state.get("flattened", 0)
        self._stems: set[str] = set()
        self._lines: GrowingFile | None = None
        if self.task == "recognition":
            self._lines = GrowingFile(self.root / "gt.txt", state.get("size", 0))
            return
        (self.root / "gt").mkdir(exist_ok=True)
        self._stems = set(state.get("stems", ()))

    def write(self, sample: dict[str, Any], index: int) -> None:
        """See :meth:`Writer.write`.

        Raises:
            AnnotationError: The layout cannot tell this image from another one.
        """
        placed = self.images.place(sample, index)
        if self._lines is not None:
            if "," in placed.path:
                raise AnnotationError(f"{placed.path}: a name in this list may not have a comma")
            escaped = _ESCAPED.sub(r"\\\1", one_line(sample["text"] or ""))
            self._lines.write(f'{placed.path}, "{escaped}"\n')
            return
        stem = Path(placed.path).stem
        if stem in self._stems:
            raise AnnotationError(
                f"{placed.path}: another photo is named {stem}, too; copy or link the images"
            )
        instances = in_stored_pixels(sample, (placed.width, placed.height))
        lines = "".join(self._word(word) for word in instances)
        write_file(self.root / "gt" / f"gt_{stem}.txt", lines)
        self._stems.add(stem)

    def _word(self, word: dict[str, Any]) -> str:
        polygon = word["polygon"]
        if len(polygon) != 4:
            polygon = min_area_rect(polygon)
            self.flattened += 1
        text = ILLEGIBLE if word["ignore"] else one_line(word["text"] or "")
        return ",".join(str(round(value)) for value in numbers(polygon)) + f",{text}\n"

    def checkpoint(self) -> WriterState:
        """See :meth:`Writer.checkpoint`."""
        if self._lines is not None:
            return {"size": self._lines.size()}
        return {"stems": sorted(self._stems), "flattened": self.flattened}

    def finish(self) -> list[Path]:
        """See :meth:`Writer.finish`."""
        return [self.root / "gt"] if self._lines is None else [self._lines.finish()]

    def close(self) -> None:
        """See :meth:`Writer.close`."""
        if self._lines is not None:
            self._lines.close()
