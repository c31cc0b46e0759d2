"""Saved predictions and the ground truth that they are scored against, from files of any layout."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from spotter.conversion import LAYOUTS, Source
from spotter.data.readers.base import read_lines
from spotter.data.readers.icdar_words import parse_word_line
from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.by_name import guess_layout, in_step, named, read_records
from spotter.evaluation.submissions import is_label_archive, read_label_archive, read_submission
from spotter.evaluation.words import (
    Refusals,
    confidence,
    predicted_words,
    text_or_none,
    true_words,
)
from spotter.geometry import MAX_COORDINATE
from spotter.io.images import image_size
from spotter.structures import TextInstance

#: Factors (x, y) on the coordinates of the ground truth, or ``"fit"``: those from the size of the
#: stored photo to the one that the predictions name.
Scale: TypeAlias = tuple[float, float] | Literal["fit"]

_LARGEST_FACTOR = 1000.0


@dataclass(frozen=True)
class GroundTruth:
    """Where the truth is.

    Attributes:
        path: Official archive or folder of text files, JSON lines, or a set in any layout.
        layout: Key of :data:`LAYOUTS`; ``None``: guessed.
        split: Part of the set, where it holds several.
        image_root: Where its images lie, if not in their usual place.
    """

    path: str | Path
    layout: str | None = None
    split: str | None = None
    image_root: str | Path | None = None

    def samples(self, detection: bool) -> dict[str, dict[str, Any]]:
        """Canonical samples by name.

        Args:
            detection: Whether photos with words are wanted, or word crops.

        Raises:
            AnnotationError: An entry is malformed; the first one is named.
            ConfigError: Unknown layout, one of the other kind, or files that are not found.
        """
        if detection and self.layout is None and self._is_archive():
            return named(read_label_archive(self.path))
        source = Source(self.path, self.split, self.image_root)
        name = self.layout or guess_layout(source, detection)
        if name not in LAYOUTS:
            raise ConfigError(f"{name}: no such layout; one of {', '.join(sorted(LAYOUTS))}")
        if (LAYOUTS[name].task == "detection") != detection:
            kind = "photos" if LAYOUTS[name].task == "detection" else "word crops"
            raise ConfigError(f"{self.path}: layout {name} is one of {kind}")
        reader = LAYOUTS[name].open(source)
        samples = named(list(reader))
        if reader.refusals:
            more = f" (and {len(reader.refusals) - 1} more)" if len(reader.refusals) > 1 else ""
            raise AnnotationError(f"{reader.refusals[0]}{more}")
        return samples

    def _is_archive(self) -> bool:
        return self.image_root is None and is_label_archive(self.path)


@dataclass(frozen=True)
class ScoredPhotos:
    """Both sides of photos, by name.

    Attributes:
        records: Predictions as lines of the JSON schema.
        predictions: Their words.
        truths: The true words, in the same frame.
        unanswered: Number of photos without a line of predictions, whose words count as missed.
        failed: Number of photos that could not be read, whose words count as missed, too.
        refused: A line for each line or word of the predictions that was left out.
    """

    records: dict[str, dict[str, Any]]
    predictions: dict[str, list[TextInstance]]
    truths: dict[str, list[TextInstance]]
    unanswered: int
    failed: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ScoredWords:
    """Both sides of word crops, in step.

    Attributes:
        names: Of the crops.
        predictions: Readings; ``None`` for those that have none.
        truths: True texts.
        confidences: Of the readings, ``None`` if one of them has none.
        sources: Names of the sets that the words are of, empty where the truth has no ``source``.
        unanswered: Number of crops without a line of predictions, which count as misread.
        failed: Number of crops that could not be read, which count as misread, too.
        refused: A line for each line of the predictions that was left out.
    """

    names: list[str]
    predictions: list[str | None]
    truths: list[str]
    confidences: list[float] | None
    sources: list[str]
    unanswered: int
    failed: int = 0
    refused: list[str] = field(default_factory=list)


def load_photos(
    predictions: str | Path,
    ground_truth: GroundTruth,
    texts: bool,
    scale: Scale | None = None,
    predicted_only: bool = False,
    strict: bool = True,
) -> ScoredPhotos:
    """Both sides of a detection or end-to-end score.

    Args:
        predictions: Our JSON lines, or an official submission (zip file or folder).
        ground_truth: The truth.
        texts: Whether an official submission has texts.
        scale: Brings the truth into the frame of the predictions.
        predicted_only: Leave out photos without a line of predictions, instead of counting their
            words as missed.
        strict: ``False``: lines and words of predictions that are malformed are left out, and
            counted, instead of ending the reading.

    Raises:
        AnnotationError: A file is malformed, or a photo is predicted of which there is no truth.
        ConfigError: See :meth:`GroundTruth.samples`; or the size that ``"fit"`` needs is unknown.
    """
    official = is_label_archive(predictions) if Path(predictions).exists() else False
    refusals = Refusals(strict)
    records = (
        read_submission(predictions, texts, refusals)
        if official
        else read_records(predictions, refusals)
    )
    samples = ground_truth.samples(detection=True)
    origins = str(predictions), str(ground_truth.path)
    return photos_in_step(records, samples, *origins, scale, predicted_only, refusals)


def photos_in_step(
    records: Mapping[str, dict[str, Any]],
    samples: Mapping[str, dict[str, Any]],
    predictions: str,
    ground_truth: str,
    scale: Scale | None = None,
    predicted_only: bool = False,
    refusals: Refusals | None = None,
) -> ScoredPhotos:
    """Both sides of a detection or end-to-end score, brought together by name.

    Args:
        records: Lines of the JSON schema by image.
        samples: Canonical samples by name.
        predictions: What messages call the first.
        ground_truth: What messages call the second.
        scale: See :func:`load_photos`.
        predicted_only: See :func:`load_photos`.
        refusals: Of the reading so far; ``None``: the first one ends it.

    Raises:
        AnnotationError: A word is malformed, or a photo is predicted of which there is no truth.
        ConfigError: The size that ``"fit"`` needs is unknown.
    """
    refusals = refusals or Refusals()
    matched = in_step(records, samples)
    if predicted_only:
        samples = {name: sample for name, sample in samples.items() if name in matched}
    truths = {}
    for name, sample in samples.items():
        factors = _factors(scale, name, sample, matched.get(name))
        truths[name] = true_words(sample["instances"], f"{ground_truth}: {name}", factors)
    found = {}
    for name, record in matched.items():
        words = refusals.unless_refused(_words_of(record, predictions, refusals))
        if words is not None:
            found[name] = words
    failed = sum(bool(record.get("error")) for record in matched.values())
    unanswered = len(samples) - len(matched)
    return ScoredPhotos(matched, found, truths, unanswered, failed, refusals.lines)


def _words_of(
    record: Mapping[str, Any], predictions: str, refusals: Refusals
) -> Callable[[], list[TextInstance]]:
    return lambda: predicted_words(record, f"{predictions}: {record['image']}", refusals)


def load_words(
    predictions: str | Path,
    ground_truth: GroundTruth,
    subset: str | Path | None = None,
    predicted_only: bool = False,
    strict: bool = True,
) -> ScoredWords:
    """Both sides of a recognition score; words whose truth is unknown are left out.

    Args:
        predictions: JSON lines ``{"image", "text", "score"}`` as ``tools/recognize.py`` writes
            them, or a ``.txt`` of lines ``word_1.png, "text"``, as ICDAR's submissions are.
        ground_truth: The truth.
        subset: File that lists the crops that count, one name or number (from 0) a line.
        predicted_only: Leave out crops without a line of predictions, instead of counting them as
            misread.
        strict: See :func:`load_photos`.

    Raises:
        AnnotationError: A file is malformed, a crop is predicted of which there is no truth, or
            the subset names an unknown one.
        ConfigError: See :meth:`GroundTruth.samples`.
    """
    samples = ground_truth.samples(detection=False)
    kept = None if subset is None else read_subset(subset, samples)
    refusals = Refusals(strict)
    records = read_readings(predictions, refusals)
    return words_in_step(records, samples, str(predictions), kept, predicted_only, refusals)


def words_in_step(
    records: Mapping[str, dict[str, Any]],
    samples: Mapping[str, dict[str, Any]],
    predictions: str,
    kept: Container[str] | None = None,
    predicted_only: bool = False,
    refusals: Refusals | None = None,
) -> ScoredWords:
    """Both sides of a recognition score, brought together by name.

    Args:
        records: Lines ``{"image", "text", "score"}`` by image.
        samples: Canonical samples by name; those whose text is unknown are left out.
        predictions: What messages call the first.
        kept: Names of the samples that count; ``None``: all.
        predicted_only: See :func:`load_words`.
        refusals: Of the reading so far; ``None``: the first one ends it.

    Raises:
        AnnotationError: A line is malformed, or a crop is predicted of which there is no truth.
    """
    refusals = refusals or Refusals()
    readings = {}
    for name, line in in_step(records, samples).items():
        reading = refusals.unless_refused(_reading_of(line, predictions))
        if reading is not None:
            readings[name] = reading
    names = [
        name
        for name, sample in samples.items()
        if (kept is None or name in kept)
        and sample["text"] is not None
        and (name in readings or not predicted_only)
    ]
    lines = [readings.get(name, _Reading(None, 0.0, False)) for name in names]
    scores = [line.score for line in lines if line.score is not None]
    return ScoredWords(
        names=names,
        predictions=[line.text for line in lines],
        truths=[samples[name]["text"] for name in names],
        confidences=scores if len(scores) == len(lines) else None,
        sources=[str(samples[name].get("source", "")) for name in names],
        unanswered=sum(name not in readings for name in names),
        failed=sum(line.failed for line in lines),
        refused=refusals.lines,
    )


@dataclass(frozen=True)
class _Reading:
    text: str | None
    score: float | None
    failed: bool


def _reading_of(line: Mapping[str, Any], predictions: str) -> Callable[[], _Reading]:
    def read() -> _Reading:
        where = f"{predictions}: {line['image']}"
        failed = isinstance(line.get("error"), str)
        if "text" not in line and not failed:
            raise AnnotationError(f"{where}: needs a text")
        return _Reading(text_or_none(line.get("text"), where), confidence(line, where), failed)

    return read


def read_readings(path: str | Path, refusals: Refusals | None = None) -> dict[str, dict[str, Any]]:
    """Readings of word crops by name, see :func:`load_words`.

    Args:
        path: The file.
        refusals: Takes note of malformed lines; ``None``: the first one ends the reading.

    Raises:
        AnnotationError: The file cannot be read, a line is malformed, or a crop has two.
    """
    path = Path(path)
    if path.suffix != ".txt":
        return read_records(path, refusals)
    records: dict[str, dict[str, Any]] = {}
    for number, line in read_lines(path):
        parsed = (refusals or Refusals()).unless_refused(
            partial(parse_word_line, line, path, number)
        )
        if parsed is None:
            continue
        name, text = parsed
        # A duplicate is always an error: it is unknown which of the two counts.
        if name in records:
            raise AnnotationError(f"{path}:{number}: a second line of {name}")
        records[name] = {"image": name, "text": text}
    return records


def read_subset(path: str | Path, samples: Mapping[str, dict[str, Any]]) -> set[str]:
    """Names of the samples that a file lists, by name or by number from 0.

    Raises:
        AnnotationError: The file cannot be read, or lists what is not there.
    """
    lines = read_lines(Path(path))
    listed = [line.strip() for _, line in lines]
    names = list(samples)
    if not all(entry.isdecimal() for entry in listed):
        return set(in_step({entry: {"image": entry} for entry in listed}, samples))
    for (number, _), entry in zip(lines, listed, strict=True):
        if len(entry) > 15 or int(entry) >= len(names):
            raise AnnotationError(f"{path}:{number}: {entry[:40]} of {len(names)} words, from 0")
    return {names[int(entry)] for entry in listed}


def _factors(
    scale: Scale | None, name: str, sample: Mapping[str, Any], record: Mapping[str, Any] | None
) -> np.ndarray | None:
    if scale is None:
        return None
    if scale != "fit":
        return np.array(scale, dtype=np.float64)
    if record is None or not record.get("instances"):
        # Nothing is predicted there that could be matched.
        return None
    frame: list[Any] = [record.get("width"), record.get("height")]
    if not all(isinstance(side, int | float) and not isinstance(side, bool) for side in frame):
        raise ConfigError(f"{name}: 'fit' needs width and height in the predictions")
    if not all(0 < side <= MAX_COORDINATE for side in frame):
        raise ConfigError(f"{name}: 'fit' needs a width and height that a photo can have")
    if not Path(sample["img_path"]).is_file():
        raise ConfigError(f"{name}: 'fit' needs the photo; --layout says where they lie")
    stored = sample.get("resize_to") or image_size(sample["img_path"])
    return np.array(frame, dtype=np.float64) / np.array(stored, dtype=np.float64)


def parse_scale(text: str) -> Scale:
    """The scale that a command line names: ``fit``, or factors ``x,y``.

    Raises:
        ConfigError: Neither.
    """
    if text == "fit":
        return "fit"
    parts: Sequence[str] = text.split(",")
    try:
        x, y = (float(part) for part in parts)
        if not (0 < x <= _LARGEST_FACTOR and 0 < y <= _LARGEST_FACTOR):
            raise ValueError
    except ValueError:
        raise ConfigError(f"--scale is fit or two factors x,y, not {text!r}") from None
    return x, y
