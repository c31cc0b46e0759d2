"""Canonical samples and our results as JSON lines."""

from __future__ import annotations

import re
from typing import Any

from spotter.data.readers.json_files import checked, field, flag_of, parse_json
from spotter.data.readers.lines import LineReader
from spotter.errors import AnnotationError, GeometryError
from spotter.geometry import as_polygon
from spotter.registry import READERS

_FAILED = re.compile(r'"error"\s*:(?!\s*null)')


@READERS.register_module()
class CanonicalReader(LineReader):
    """Photos with words, or word crops, one JSON object per line.

    A photo is ``{"img_path", "instances": [{"polygon": [[x, y], ...], "text": str | null,
    "ignore": bool}]}``; a crop is ``{"img_path", "text"}`` or ``{"lmdb_path", "key", "text"}``. An
    image of a tar archive has ``tar_path``, ``key``, ``offset`` and ``size`` for ``img_path``.
    Other keys are passed on. ``image`` may stand for ``img_path``, so that the results of bulk
    inference are read, too; images for which they have an error are left out, and pages of
    documents from the second on are refused, as whoever opens the file gets its first page.
    Outlines are taken as they are: a canonical one starts at the first character's top left. Lines
    are read when asked for: 4 MB of memory per million. Whether an image exists is only checked
    when it is loaded.

    Args:
        annotation_file: The file of JSON lines, as ``tools/convert_dataset.py`` writes it.
        image_root: Folder that the paths are relative to; ``None``: the file's own.
        check: See :class:`LineReader`; a million words take about a minute.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: A line is no such object (named by file and line).
    """

    def _load(self) -> None:
        super()._load()
        lines = self._line_file
        with self.file.open("rb") as file:
            answered = [i for i in range(len(lines)) if not _FAILED.search(lines.read(i, file))]
        lines.keep(answered)

    def _parse(self, line: str, number: int) -> dict[str, Any]:
        where = f"{self.file}:{number}"
        sample = checked(parse_json(line, self.file, number), dict, where)
        if "image" in sample and "img_path" not in sample:
            sample["img_path"] = sample.pop("image")
            _check_page(sample, where)
        place = next((each for each in ("lmdb_path", "tar_path") if each in sample), "img_path")
        if place != "img_path":
            field(sample, "key", str, where)
        if place == "tar_path":
            field(sample, "offset", int, where)
            field(sample, "size", int, where)
        sample[place] = str(self.image_root / field(sample, place, str, where))
        if "instances" not in sample:
            sample["text"] = canonical_text(sample, where)
            return sample
        words = field(sample, "instances", list, where)
        sample["instances"] = [
            canonical_instance(word, f"{where}, word {position}")
            for position, word in enumerate(words, start=1)
        ]
        return sample


def _check_page(sample: dict[str, Any], where: str) -> None:
    page = sample.get("page")
    if isinstance(page, int) and page > 1 and sample.get("error") is None:
        raise AnnotationError(
            f"{where}: page {page} of a document; whoever opens the file gets its first page"
        )


def canonical_instance(word: Any, where: str) -> dict[str, Any]:
    """A word of a photo, with ``polygon`` as float32 ``(N, 2)``, ``text`` and ``ignore``.

    Raises:
        AnnotationError: It is none; the message begins with ``where``.
    """
    try:
        polygon = as_polygon(field(word, "polygon", list, where))
    except GeometryError as error:
        raise AnnotationError(f"{where}: {error}") from None
    ignore = flag_of(word.get("ignore"), f"{where}: ignore")
    return {**word, "polygon": polygon, "text": canonical_text(word, where), "ignore": ignore}


def canonical_text(item: dict[str, Any], where: str) -> str | None:
    """The text of a word; ``None`` where it is unknown.

    Raises:
        AnnotationError: It is no text; the message begins with ``where``.
    """
    return checked(item.get("text"), (str, type(None)), f"{where}: text") or None
