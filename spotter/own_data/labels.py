"""Labels of any layout: checked, and split into a training part and a part that is held back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spotter.conversion.layouts import LAYOUTS
from spotter.conversion.source import Source
from spotter.errors import AnnotationError, ConfigError, ImageError
from spotter.evaluation.by_name import guess_layout
from spotter.io.images import image_size

_MOST_HELD_BACK = 2000


@dataclass
class Labels:
    """Samples of a set of labels.

    Attributes:
        photos: Whether these are labelled photos (``instances``), or word crops (``text``).
        samples: Canonical samples whose image can be opened; paths are absolute.
        left_out: How many entries are not among them, by reason.
    """

    photos: bool
    samples: list[dict[str, Any]]
    left_out: Counter[str] = field(default_factory=Counter)

    def note(self) -> str:
        """What was left out, in a line; empty if nothing was."""
        return ", ".join(f"{count} {reason}" for reason, count in self.left_out.most_common())


def open_labels(
    path: str | Path,
    layout: str | None = None,
    split: str | None = None,
    image_root: str | Path | None = None,
    photos: bool | None = None,
) -> Labels:
    """The labels that a user names.

    Args:
        path: Folder or annotation file.
        layout: One of ``spotter convert --list``; ``None``: guessed, for JSON lines, LMDB, lists of
            crops and ICDAR 2015's files.
        split: Which part, where the path holds several.
        image_root: Where the images lie, if elsewhere.
        photos: Whether labelled photos are asked for; ``None``: word crops or photos.

    Raises:
        ConfigError: An unknown layout, or one that holds something else.
        AnnotationError: Nothing in it can be used.
    """
    source = Source(path, split, image_root)
    name = layout or _guess(source, photos)
    if name not in LAYOUTS:
        raise ConfigError(f"{name}: no such layout; one of {', '.join(sorted(LAYOUTS))}")
    of_photos = LAYOUTS[name].task == "detection"
    if photos and not of_photos:
        raise ConfigError(f"{path}: layout {name} holds word crops; labelled photos are needed")
    reader = LAYOUTS[name].open(source)
    labels = Labels(of_photos, [], Counter())
    if reader.refusals:
        labels.left_out["malformed"] += len(reader.refusals)
    for sample in _readable(reader, labels.left_out):
        labels.samples.append(sample)
    if not labels.samples:
        raise AnnotationError(f"{path}: no labels that can be used ({labels.note() or 'empty'})")
    return labels


def _guess(source: Source, photos: bool | None) -> str:
    if photos is not None:
        return guess_layout(source, photos)
    if source.path.is_dir() and any(source.path.rglob("gt_*.txt")):
        return "icdar2015"
    name = guess_layout(source, False)
    if name != "canonical_words":
        return name
    first = next(iter(LAYOUTS["canonical"].open(source)), {})
    return "canonical" if "instances" in first else "canonical_words"


def _readable(reader: Iterable[dict[str, Any]], left_out: Counter[str]) -> Iterable[dict[str, Any]]:
    """The samples whose images open, with absolute paths."""
    position = 0
    items: Any = reader
    while position < len(items):
        try:
            sample = items[position]
        except AnnotationError:
            left_out["malformed"] += 1
            continue
        finally:
            position += 1
        if "img_path" in sample:
            try:
                image_size(sample["img_path"])
            except ImageError:
                left_out["without a readable image"] += 1
                continue
            sample["img_path"] = str(Path(sample["img_path"]).resolve())
        for place in sample.keys() & {"lmdb_path", "tar_path"}:
            sample[place] = str(Path(sample[place]).resolve())
        yield sample


def split_samples(
    samples: Sequence[dict[str, Any]], share: float, seed: int = 0
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Samples to train on, and a random part that is held back; at most 2,000.

    Args:
        samples: At least two.
        share: Of the part that is held back, in (0, 1).
        seed: The same seed holds the same part back.

    Raises:
        ConfigError: Too few samples for two parts, or a share outside (0, 1).
    """
    if not 0 < share < 1:
        raise ConfigError(f"the part to hold back is a share between 0 and 1, not {share:g}")
    count = min(max(1, round(share * len(samples))), _MOST_HELD_BACK)
    if count >= len(samples):
        raise ConfigError(f"{len(samples)} labels are too few to hold a part back")
    order = np.random.default_rng(seed).permutation(len(samples))
    held = set(order[:count].tolist())
    parts: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for index, sample in enumerate(samples):
        parts[index in held].append(sample)
    return parts


def write_lines(path: Path, samples: Iterable[Mapping[str, Any]]) -> Path:
    """Write samples as JSON lines that :class:`spotter.data.readers.CanonicalReader` reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for sample in samples:
            file.write(json.dumps(sample, ensure_ascii=False, default=_plain) + "\n")
    return path


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
