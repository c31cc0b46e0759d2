"""Pseudo-labels: readings of unlabelled crops, written as labels of the next round of
self-training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.progress import track

from spotter.data.readers.base import Reader
from spotter.data.readers.pseudo_labels import sample_name
from spotter.data.transforms.loading import load_pixels
from spotter.errors import AnnotationError, SpotterError
from spotter.io.jsonl import JsonLines
from spotter.pipeline.word_recognizer import WordRecognizer

_CHUNK = 256


def label_samples(recognizer: WordRecognizer, samples: Reader, out: str | Path) -> tuple[int, int]:
    """Read all samples that have no line yet.

    Args:
        recognizer: Reads the crops.
        samples: Canonical samples; their labels, if any, are not used.
        out: File of JSON lines ``{"image", "text", "score", "error"}`` to write or go on with.

    Returns:
        How many crops were read now, and how many of them could not be.
    """
    failed = count = 0
    with JsonLines(out) as lines:
        names = [sample_name(samples[index]) for index in range(len(samples))]
        todo = [index for index, name in enumerate(names) if name not in lines.done]
        starts = range(0, len(todo), _CHUNK)
        for start in track(starts, f"labelling {Path(out).name}"):
            part = todo[start : start + _CHUNK]
            images: list[Any] = []
            errors: dict[int, str] = {}
            for index in part:
                try:
                    images.append(load_pixels(samples[index]))
                except SpotterError as error:
                    errors[index] = str(error)
            readings = iter(recognizer.read(images)[0])
            for index in part:
                reading = None if index in errors else next(readings)
                record = {
                    "image": names[index],
                    "text": None if reading is None else reading.text,
                    "score": 0.0 if reading is None else round(reading.score, 4),
                    "error": errors.get(index),
                }
                lines.append(record)
            count += len(part)
            failed += len(errors)
    return count, failed


def pseudo_label_sources(config: Any) -> dict[str, dict[str, Any]]:
    """The readers of crops to label in an experiment config, by the file for their labels.

    Args:
        config: The config; every ``PseudoLabelReader`` in its training data counts.

    Raises:
        AnnotationError: There is none, or two share a file.
    """
    found: dict[str, dict[str, Any]] = {}
    for part in _dicts(config):
        if part.get("type") == "PseudoLabelReader":
            if part["labels"] in found and found[part["labels"]] != dict(part["reader"]):
                raise AnnotationError(f"two sources share the labels file {part['labels']}")
            found[part["labels"]] = dict(part["reader"])
    if not found:
        raise AnnotationError("the config's training data name no PseudoLabelReader")
    return found


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _dicts(item)
