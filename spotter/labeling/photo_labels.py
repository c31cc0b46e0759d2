"""Pseudo-labels of photos: words that a preset reads alike in many views."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from rich.console import Console

from spotter.bulk.jobs import Answer, stream_of
from spotter.bulk.names import NameSet
from spotter.bulk.photos import Photo
from spotter.bulk.progress import BulkProgress
from spotter.bulk.records import Record
from spotter.bulk.run import Photos, engine_of
from spotter.errors import ConfigError, GeometryError
from spotter.geometry import native_size
from spotter.io.images import read_image
from spotter.io.writing import write_file
from spotter.pipeline.crop_batching import best_direction
from spotter.pipeline.crops import reading_directions
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.pipeline.test_time_augmentation import View, surroundings
from spotter.pipeline.word_recognizer import open_recognizer
from spotter.runtime.runtimes import open_runtime
from spotter.structures import TextInstance
from spotter.synthesis.writers import icdar_lines, polygon_lines

VIEWS = (
    View(lengthen=0.25),
    View(margin=-0.06),
    View(lengthen=-0.1),
    View(stretch=1.25),
    View(stretch=0.8),
    View(tilt=4),
    View(tilt=-4),
    View(margin=0.1),
    View(contrast=True),
    View(negative=True),
    View(coarser=1.4),
)
"""Further views of each word, whose readings have to agree."""


@dataclass(frozen=True)
class LabelRules:
    """When a word is labelled with the reading of the preset with its language model.

    The language model alone must not decide a label, because a recognizer that is trained on it
    becomes overconfident. So the label must also be the reading without language in most views, or
    in some views if the reading with language has a high score and is not short.

    Attributes:
        agreement: Share of the views that are read as the label without language, case aside.
        doubtful: The same share, enough where the reading with language has a score of ``sure`` and
            at least ``sure_length`` characters.
        sure: See there.
        sure_length: See there.
        min_length: Least number of characters of any label.
        min_height: Least height of a word in pixels.
    """

    agreement: float = 0.6
    doubtful: float = 0.25
    sure: float = 0.95
    sure_length: int = 4
    min_length: int = 2
    min_height: float = 8.0

    def __post_init__(self) -> None:
        if not 0 < self.doubtful <= self.agreement <= 1:
            raise ConfigError("0 < doubtful <= agreement <= 1 is needed")

    def accept(self, text: str, score: float, seen: Sequence[str]) -> bool:
        """Whether a reading becomes a label.

        Args:
            text: As read with language.
            score: Of that, before calibration.
            seen: Readings of all views without language.
        """
        share = sum(other.lower() == text.lower() for other in seen) / len(seen)
        if len(text) < self.min_length:
            return False
        sure = score >= self.sure and len(text) >= self.sure_length
        return share >= (self.doubtful if sure else self.agreement)


class Labeller(Protocol):
    """Finds the words of a photo and labels those of which it is sure."""

    def label(self, image: np.ndarray, name: str = "") -> list[TextInstance]:
        """The words of a photo; those that it is not sure of are ``ignore`` and have no text."""


class PhotoLabeller:
    """Finds the words of a photo and labels those of which a preset is sure.

    Args:
        model: Name of a shipped preset, or its ``.json`` file.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: See :mod:`spotter.runtime.runtimes`.
        rules: When a word is labelled.

    Raises:
        ConfigError: An unknown option, or a device that is not there.
        WeightsError: A weights file is missing or unfit.
    """

    def __init__(
        self,
        model: str | Path = "default",
        runtime: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
        rules: LabelRules | None = None,
    ) -> None:
        self.rules = rules or LabelRules()
        self._spotter = SceneTextSpotter(
            model, runtime=runtime, device=device, threads=threads, min_score=0.0, calibrated=False
        )
        preset = self._spotter.preset
        loaded = open_runtime(preset.recognizer, "recognition", runtime, device, threads)
        self._recognizer = open_recognizer(loaded, None, preset)

    def label(self, image: np.ndarray, name: str = "") -> list[TextInstance]:
        """The words of a photo; those that it is not sure of are ``ignore`` and have no text.

        Args:
            image: (H, W, 3) uint8 BGR.
            name: Stem of the photo's name; not used here.
        """
        words = self._spotter.detect(image)
        for word in words:
            word.text = self._text(image, word.polygon)
            word.ignore = word.text is None
        return words

    def _text(self, image: np.ndarray, polygon: np.ndarray) -> str | None:
        if native_size(polygon)[1] < self.rules.min_height:
            return None
        try:
            directions = reading_directions(polygon, self._spotter.crop_margin)
        except GeometryError:
            return None
        recognizer = self._recognizer
        upright = [recognizer.forward([recognizer.crop(image, d.cut)])[0] for d in directions]
        chosen = best_direction(directions, [prediction.greedy for prediction in upright])
        if directions[chosen].rotation:
            # Labels of photos say where a word is, not which way it runs.
            return None
        first = upright[chosen]
        reading = recognizer.decode(first)
        if len(reading.text) < self.rules.min_length:
            return None
        part, cut = surroundings(image, directions[chosen].cut)
        seen = [first.greedy.text]
        for view in VIEWS:
            crop = view.develop(recognizer.crop(part, view.cut(cut), view.stretch))
            seen.append(recognizer.forward([crop])[0].greedy.text)
        return reading.text if self.rules.accept(reading.text, reading.score, seen) else None


@dataclass
class LabelReport:
    """What labelling did.

    Attributes:
        photos: Photos that were labelled now.
        words: Words found in them.
        labelled: Words that got a label.
        errors: Photos that could not be read, with the reason.
    """

    photos: int = 0
    words: int = 0
    labelled: int = 0
    errors: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, record: Record) -> None:
        """Count a photo, given by the record of :class:`LabelJob`."""
        if record["error"] is not None:
            self.errors[name] = record["error"]
            return
        self.photos += 1
        self.words += len(record["words"])
        self.labelled += sum(not word["ignore"] for word in record["words"])

    def __str__(self) -> str:
        return (
            f"{self.photos} new photos, {self.words} words, {self.labelled} of them labelled;"
            f" {len(self.errors)} photos could not be read"
        )


@dataclass(frozen=True)
class LabelJob:
    """Labelling as a job of :mod:`spotter.bulk`.

    Attributes:
        open_labeller: Gives what labels a photo; pickled for other processes.
        shared: Whether that can be used in processes that are forked afterwards.
    """

    open_labeller: Callable[[], Labeller]
    shared: bool = False

    def shareable(self) -> bool:
        """See :class:`spotter.bulk.jobs.Job`."""
        return self.shared

    def open(self) -> Answer:
        """See :class:`spotter.bulk.jobs.Job`; a record has ``words``."""
        labeller = self.open_labeller()

        def answer(name: str, source: Any) -> Iterator[Record]:
            image = read_image(stream_of(name, source))
            words = [
                {"polygon": word.polygon.tolist(), "text": word.text, "ignore": word.ignore}
                for word in labeller.label(image, photo_stem(name, source))
            ]
            yield {"image": name, "words": words, "error": None}

        return answer

    def failure(self, name: str, error: str, page: int | None = None) -> Record:
        """See :class:`spotter.bulk.jobs.Job`."""
        return {"image": name, "words": [], "error": error}


LAYOUTS: dict[str, tuple[str, Callable[[list[dict[str, Any]]], str]]] = {
    "icdar2015": ("gt_", icdar_lines),
    "ctw1500": ("", polygon_lines),
}
"""How label files are written: what their names begin with, and the lines of a photo's words."""


def label_photos(
    photos: Photos,
    out: str | Path,
    job: LabelJob,
    workers: int | None = 1,
    console: Console | None = None,
    layout: str = "icdar2015",
) -> LabelReport:
    """Write a label file for each photo that has none yet.

    In the layout of ICDAR2015 (``gt_<stem>.txt``) a curved word is the smallest rectangle around
    it; in that of CTW1500 (``<stem>.txt``) it keeps its outline. Words without a label are ``###``,
    which readers ignore. Where a photo cannot be read, nothing is written. The labels do not depend
    on ``workers``.

    Args:
        photos: The photos; see :func:`photo_stem`.
        out: Folder, made if missing.
        job: Labels a photo.
        workers: Processes that label, of which any may die; ``None``: one for each core; 1: this
            process.
        console: Where the bar goes; default: standard error.
        layout: A key of :data:`LAYOUTS`.

    Raises:
        ConfigError: Two photos have the same stem, or there is no such layout.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"no layout {layout!r}; there are {', '.join(LAYOUTS)}")
    prefix, lines = LAYOUTS[layout]
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    _check_stems(photos)
    report = LabelReport()
    files: dict[str, Path] = {}

    def is_done(photo: Photo) -> bool:
        file = folder / f"{prefix}{photo_stem(photo.name, photo.source)}.txt"
        done = file.exists()
        if not done:
            files[photo.name] = file
        return done

    with BulkProgress(f"labelling {folder.name}", photos.count, console) as progress:
        todo = progress.without(photos.walk(), is_done)
        with closing(engine_of(job, workers)(todo)) as answers:
            for answered in answers:
                progress.advance(answered.failed)
                file, record = files.pop(answered.name), json.loads(answered.data)
                report.add(answered.name, record)
                if record["error"] is None:
                    # Whoever sees the file sees all of it.
                    write_file(file, lines(record["words"]))
    return report


def photo_stem(name: str, source: Any) -> str:
    """What the label file of a photo is named after: the stem of its file, else of its name."""
    return Path(source if isinstance(source, Path) else name).stem


def _check_stems(photos: Photos) -> None:
    stems = NameSet()
    for photo in photos.walk():
        stem = photo_stem(photo.name, photo.source)
        if stem in stems:
            raise ConfigError(f"two photos are named {stem}; label their folders one by one")
        stems.add(stem)
