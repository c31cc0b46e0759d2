"""Predictions and samples are brought together by the names of their images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from spotter.conversion import Source
from spotter.data.readers.base import read_lines
from spotter.data.readers.json_files import parse_json
from spotter.errors import AnnotationError
from spotter.evaluation.words import Refusals
from spotter.io.images import IMAGE_SUFFIXES
from spotter.schema import check, plain_data, record, text

#: A line of predictions: ``image``, and ``instances`` or ``text`` and ``score``.
Record: TypeAlias = "dict[str, Any]"
#: A canonical sample.
Sample: TypeAlias = "dict[str, Any]"

#: What protocols read of the other keys they check themselves.
_PREDICTION = record(
    {"image": text(4096, 1)}, ("image",), plain_data(values=5_000_000, largest=1e12)
)


def guess_layout(source: Source, detection: bool) -> str:
    """Layout of a ground truth that the user has not named.

    Canonical files end in ``.jsonl``; else photos are taken to be in ICDAR 2015's layout, and
    words in ICDAR's (``word_1.png, "text"``) or a plain list (``word_1.png text``), by their first
    line; a folder with ``data.mdb`` is an LMDB.
    """
    path = source.path
    if path.suffix == ".jsonl" or (path / "labels.jsonl").is_file():
        return "canonical" if detection else "canonical_words"
    if detection:
        return "icdar2015"
    if (path / "data.mdb").is_file():
        return "lmdb"
    lines = read_lines(source.file("labels.txt", "gt.txt", "*.txt"))
    text = lines[0][1].partition(",")[2] if lines else ""
    return "icdar_words" if text.strip().startswith('"') else "word_list"


def read_records(path: str | Path, refusals: Refusals | None = None) -> dict[str, Record]:
    """Lines of predictions by the name of their image.

    Args:
        path: The file.
        refusals: Takes note of lines that are no predictions; ``None``: the first one ends the
            reading.

    Raises:
        AnnotationError: The file cannot be read, a line is no prediction, or an image has two.
    """
    records: dict[str, Record] = {}
    for number, line in read_lines(Path(path)):
        parse = partial(_parse, line, path, number)
        prediction = (refusals or Refusals()).unless_refused(parse)
        if prediction is None:
            continue
        name = prediction["image"]
        if name in records:
            raise AnnotationError(f"{path}:{number}: a second line of {name}")
        records[name] = prediction
    if not records:
        raise AnnotationError(f"{path}: holds no predictions")
    return records


def _parse(line: str, path: str | Path, number: int) -> Record:
    content = parse_json(line, path, number)
    prediction: Record = check(content, _PREDICTION, f"{path}:{number}", AnnotationError)
    return prediction


def named(samples: Iterable[Sample]) -> dict[str, Sample]:
    """Samples by the shortest end of their path that no other sample has.

    ``test/images/img_1.jpg`` is ``img_1.jpg`` unless there is another one; a crop of an LMDB is
    named by its key.
    """
    found: dict[str, Sample] = {}
    paths = [(_path(sample), sample) for sample in samples]
    depth = 1
    while paths:
        ends: dict[str, int] = {}
        for path, _ in paths:
            ends[_end(path, depth)] = ends.get(_end(path, depth), 0) + 1
        found.update({_end(path, depth): s for path, s in paths if ends[_end(path, depth)] == 1})
        paths = [(path, s) for path, s in paths if ends[_end(path, depth)] > 1]
        if all(len(path.parts) <= depth for path, _ in paths):
            break
        depth += 1
    if paths:
        raise AnnotationError(f"{paths[0][0]}: is twice in the ground truth")
    return found


def in_step(records: Mapping[str, Record], samples: Mapping[str, Sample]) -> dict[str, Record]:
    """Predictions under the names of the samples.

    A prediction's image is that sample whose path ends like it, file suffixes aside.

    Raises:
        AnnotationError: There is no such sample, or there are several.
    """
    ends: dict[str, list[str]] = {}
    for name, sample in samples.items():
        path = _stem(_path(sample))
        for depth in range(1, len(path.parts) + 1):
            ends.setdefault(_end(path, depth), []).append(name)
    found: dict[str, Record] = {}
    for image, prediction in records.items():
        path = _stem(PurePosixPath(image.replace("\\", "/")))
        candidates = ends.get(path.as_posix()) or ends.get(path.name) or []
        if len(candidates) != 1:
            reason = "several images are named so" if candidates else "there is no ground truth"
            raise AnnotationError(f"{image}: predicted, but {reason}.")
        if candidates[0] in found:
            raise AnnotationError(f"{image}: predicted twice, once under another name.")
        found[candidates[0]] = prediction
    return found


def _path(sample: Sample) -> PurePosixPath:
    place = Path(sample["img_path"]).as_posix() if "img_path" in sample else sample["key"]
    return PurePosixPath(place)


def _stem(path: PurePosixPath) -> PurePosixPath:
    """A path without the suffix of an image; names may have other dots."""
    return path.with_suffix("") if path.suffix.lower() in IMAGE_SUFFIXES else path


def _end(path: PurePosixPath, depth: int) -> str:
    return "/".join(path.parts[-depth:])
