"""The official text files of the Robust Reading challenges: submissions and ground truth.

An archive (or folder) holds one text file per image, ``res_img_1.txt`` in submissions and
``gt_img_1.txt`` in ground truth, with a word per line in one of three outlines:

- quadrilaterals ``x1,y1,x2,y2,x3,y3,x4,y4`` (ICDAR 2015, end to end also ICDAR 2013);
- boxes ``x1,y1,x2,y2`` (ICDAR 2013), in ground truth with spaces or commas and quoted texts;
- polygons ``x1,y1,...,xN,yN``, the text after ``####`` (Total-Text, CTW1500).

In submissions a score and a text may follow. Which columns there are is decided for a submission as
a whole, so that the word ``42`` is not taken for a score.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from spotter.data.readers.base import natural_key
from spotter.data.readers.icdar_words import unescape
from spotter.data.readers.scene import box_polygon, finite_numbers, split_ignored
from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.words import Refusals
from spotter.geometry import min_area_rect
from spotter.io.bounded import MEBI, ZipContents, read_file
from spotter.io.names import printable_path
from spotter.io.writing import write_file

Outline: TypeAlias = Literal["quads", "boxes", "polygons"]
OUTLINES: tuple[Outline, ...] = get_args(Outline)

_PREFIX = re.compile(r"(?:res|gt|poly_gt)_")
_TEXT_MARK = "####"
_ILLEGIBLE = ("###", "#")
_MAX_BYTES = 256 * MEBI
_MAX_LINES = 1_000_000


@dataclass(frozen=True)
class _Line:
    """One line.

    Attributes:
        where: File and line, for messages.
        fields: What commas part; of a line with ``####`` what stands before that.
        numbers: How many fields are numbers until the first that is none.
        marked: What follows ``####``.
    """

    where: str
    fields: list[str]
    numbers: int
    marked: str | None


def is_label_archive(path: str | Path) -> bool:
    """Whether a path is an official archive: a zip file, or a folder of res_ or gt_ text files."""
    path = Path(path)
    if path.is_dir():
        return any(_PREFIX.match(file.name) for file in path.glob("*.txt"))
    # Opening anything else could block.
    return path.is_file() and zipfile.is_zipfile(path)


def read_submission(
    path: str | Path, texts: bool, refusals: Refusals | None = None
) -> dict[str, dict[str, Any]]:
    """A submission as lines of the JSON schema by image (``img_1`` for ``res_img_1.txt``).

    Args:
        path: Zip file or folder.
        texts: Whether lines end with a text (end to end); without one they may end with a score.
        refusals: Takes note of malformed lines; ``None``: the first one ends the reading.

    Returns:
        ``{"image", "instances": [{"polygon", "text", "score"}]}`` by image; a score is 1 where the
        submission has none.

    Raises:
        AnnotationError: The archive cannot be read or has over a million lines, or a line is
            malformed (named by file and line).
    """
    refusals = refusals or Refusals()
    files = _parsed_files(path, refusals)
    outline = _outline([line for found in files.values() for line in found], texts)
    files = {image: _of_outline(found, outline, refusals) for image, found in files.items()}
    lines = [line for found in files.values() for line in found]
    scored = bool(lines) and all(_has_score(line, outline, texts) for line in lines)
    return {
        image: {
            "image": image,
            "instances": [_predicted(line, outline, texts, scored) for line in found],
        }
        for image, found in files.items()
    }


def read_label_archive(path: str | Path) -> list[dict[str, Any]]:
    """Official ground truth, for which no photos are needed.

    Args:
        path: Zip file or folder.

    Returns:
        Canonical samples, in natural order of the images, with the image's stem as ``img_path``.

    Raises:
        AnnotationError: The archive cannot be read, or a line is malformed (named by file and
            line).
    """
    files = _parsed_files(path, Refusals())
    outline = _outline([line for found in files.values() for line in found], texts=True)
    return [
        {"img_path": image, "instances": [_labelled(line, outline) for line in found]}
        for image, found in files.items()
    ]


def write_submission(
    records: Iterable[Mapping[str, Any]],
    path: str | Path,
    outline: Outline = "quads",
    texts: bool = False,
    scores: bool = False,
) -> None:
    """Write results as an official submission, coordinates rounded to whole pixels.

    Args:
        records: Lines of the JSON schema.
        path: The zip file to write; an existing one is replaced.
        outline: ``"quads"`` (polygons become their smallest rectangles), ``"boxes"`` (upright) or
            ``"polygons"``.
        texts: Write texts (end to end); words without one are left out.
        scores: Write scores.

    Raises:
        ConfigError: Unknown outline.
        AnnotationError: Two images have the same stem.
    """
    if outline not in OUTLINES:
        raise ConfigError(f"An outline is one of {', '.join(OUTLINES)}, not {outline!r}.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            name = f"res_{PurePosixPath(str(record['image'])).stem}.txt"
            if name in archive.NameToInfo:
                raise AnnotationError(f"{record['image']}: another image has the same name.")
            words = [w for w in record.get("instances") or [] if w.get("text") or not texts]
            lines = [_official_line(word, outline, texts, scores) for word in words]
            archive.writestr(name, "".join(f"{line}\n" for line in lines))
    write_file(path, packed.getvalue())


def _official_line(word: Mapping[str, Any], outline: Outline, texts: bool, scores: bool) -> str:
    polygon = np.asarray(word["polygon"], dtype=np.float32)
    if outline == "boxes":
        polygon = np.stack([polygon.min(axis=0), polygon.max(axis=0)])
    elif outline == "quads" and len(polygon) != 4:
        polygon = min_area_rect(polygon)
    fields = [str(round(float(value))) for value in polygon.ravel()]
    if scores:
        fields.append(f"{float(word.get('score', 1.0)):.4f}")
    # A line break would end the word, and the format has no escape for it.
    text = " ".join(str(word.get("text")).split("\n"))
    if texts:
        fields.append(f"{_TEXT_MARK}{text}" if outline == "polygons" else text)
    return ",".join(fields)


def _text_files(path: Path) -> Iterator[tuple[str, str, str]]:
    """(image, file for messages, content) of every text file, in natural order of the images."""
    found: dict[str, tuple[str, bytes]] = {}
    for name, content in _files(path):
        image = _PREFIX.sub("", PurePosixPath(name).stem, count=1)
        if image in found:
            raise AnnotationError(f"{path}: {name} and {found[image][0]} are of one image")
        found[image] = name, content
    if not found:
        raise AnnotationError(f"{path}: holds no text files such as res_img_1.txt")
    for image in sorted(found, key=natural_key):
        name, content = found[image]
        try:
            yield image, f"{path}/{name}", content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise AnnotationError(f"{path}/{name}: not UTF-8") from None


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in path.glob("*.txt"):
            if file.name[0] != ".":
                yield file.name, read_file(file, AnnotationError, _MAX_BYTES)
        return
    data = read_file(path, AnnotationError, _MAX_BYTES)
    archive = ZipContents(data, printable_path(path), AnnotationError, max_bytes=_MAX_BYTES)
    for name in archive.names:
        # Archives packed on a Mac hold a hidden double of every file.
        if name.endswith(".txt") and PurePosixPath(name).name[0] != ".":
            yield name, archive.read(name)


def _parsed_files(path: str | Path, refusals: Refusals) -> dict[str, list[_Line]]:
    """The lines of every file by image."""
    files, count = {}, 0
    for image, where, text in _text_files(Path(path)):
        count += text.count("\n") + 1
        if count > _MAX_LINES:
            raise AnnotationError(f"{printable_path(path)}: has more than {_MAX_LINES} lines")
        lines = ((n, line.strip()) for n, line in enumerate(text.split("\n"), start=1))
        found = (
            refusals.unless_refused(partial(_parse, line, f"{where}:{number}"))
            for number, line in lines
            if line
        )
        files[image] = [line for line in found if line is not None]
    return files


def _parse(line: str, where: str) -> _Line:
    head, mark, text = line.partition(_TEXT_MARK)
    fields = head.rstrip(", ").split(",")
    if mark and _leading_numbers(fields) == len(fields):
        return _Line(where, fields, len(fields), text)
    fields = line.split(",")
    count = _leading_numbers(fields)
    if count < 4:
        # The training part of ICDAR 2013 parts its fields by spaces.
        fields = line.split(None, 4)
        count = _leading_numbers(fields[:4])
    if count < 4:
        raise AnnotationError(f"{where}: expected coordinates, found {line[:60]!r}")
    return _Line(where, fields, count, None)


def _leading_numbers(fields: Sequence[str]) -> int:
    for count, field in enumerate(fields):
        if finite_numbers([field]) is None:
            return count
    return len(fields)


def _outline(lines: Sequence[_Line], texts: bool) -> Outline:
    if any(line.marked is not None for line in lines):
        return "polygons"
    counts = [line.numbers for line in lines]
    if min(counts, default=8) < 6:
        return "boxes"
    # Without texts the tenth number can only be a vertex.
    return (
        "polygons"
        if not texts and (min(counts, default=8) < 8 or max(counts, default=8) > 9)
        else "quads"
    )


def _coordinates(line: _Line, outline: Outline) -> tuple[list[float], list[str]]:
    """The outline's numbers, and the columns after them."""
    count = {"boxes": 4, "quads": 8, "polygons": line.numbers // 2 * 2}[outline]
    if line.numbers < count or count < 4 or (outline == "polygons" and count < 6):
        raise AnnotationError(f"{line.where}: not the {outline} of the other lines")
    marked = [] if line.marked is None else [line.marked]
    return [float(field) for field in line.fields[:count]], line.fields[count:] + marked


def _of_outline(lines: Sequence[_Line], outline: Outline, refusals: Refusals) -> list[_Line]:
    """The lines whose outline is that of the submission, the others being refused."""
    fit = (refusals.unless_refused(partial(_coordinates, line, outline)) for line in lines)
    return [line for line, found in zip(lines, fit, strict=True) if found is not None]


def _has_score(line: _Line, outline: Outline, texts: bool) -> bool:
    rest = _coordinates(line, outline)[1]
    score = finite_numbers(rest[:1]) if len(rest) > texts else None
    if not score:
        return False
    return not texts or 0 <= score[0] <= 1


def _polygon(numbers: Sequence[float], outline: Outline) -> np.ndarray:
    if outline == "boxes":
        return box_polygon(*numbers)
    return np.array(numbers, dtype=np.float32).reshape(-1, 2)


def _predicted(line: _Line, outline: Outline, texts: bool, scored: bool) -> dict[str, Any]:
    numbers, rest = _coordinates(line, outline)
    text = ",".join(rest[scored:]) if texts else None
    score = float(rest[0]) if scored else 1.0
    return {"polygon": _polygon(numbers, outline), "text": text, "score": score}


def _labelled(line: _Line, outline: Outline) -> dict[str, Any]:
    numbers, rest = _coordinates(line, outline)
    text = ",".join(rest).strip()
    if outline == "boxes" and len(text) > 1 and text[0] == text[-1] == '"':
        text = unescape(text[1:-1])
    marks = _ILLEGIBLE if outline == "polygons" else _ILLEGIBLE[:1]
    known, ignore = split_ignored(text, marks)
    return {"polygon": _polygon(numbers, outline), "text": known, "ignore": ignore}
