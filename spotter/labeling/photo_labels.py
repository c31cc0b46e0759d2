"""Pseudo-labels of photos: words that a preset reads alike in many views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from rich.progress import track

from spotter.errors import ConfigError, GeometryError, SpotterError
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
from spotter.synthesis.writers import icdar_lines

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

    def __str__(self) -> str:
        return (
            f"{self.photos} new photos, {self.words} words, {self.labelled} of them labelled;"
            f" {len(self.errors)} photos could not be read"
        )


def label_photos(photos: Mapping[str, Path], out: str | Path, labeller: Labeller) -> LabelReport:
    """Write ``gt_<stem>.txt`` for each photo that has none yet, in the layout of ICDAR2015.

    Words without a label are ``###`` there, which readers ignore. Where a photo cannot be read,
    nothing is written.

    Args:
        photos: Files by name; the stems of one folder's photos are its label files' names.
        out: Folder, made if missing.
        labeller: Labels a photo.

    Raises:
        ConfigError: Two photos have the same stem.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    stems = [path.stem for path in photos.values()]
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise ConfigError(f"two photos are named {twice}; label their folders one by one")
    report = LabelReport()
    missing = {
        name: path for name, path in photos.items() if not (folder / f"gt_{path.stem}.txt").exists()
    }
    for name, path in track(missing.items(), f"labelling {folder.name}"):
        try:
            words = labeller.label(read_image(path), path.stem)
        except SpotterError as error:
            report.errors[name] = str(error)
            continue
        report.photos += 1
        report.words += len(words)
        report.labelled += sum(not word.ignore for word in words)
        write_labels(folder / f"gt_{path.stem}.txt", words)
    return report


def write_labels(file: Path, words: Sequence[TextInstance]) -> None:
    """Write the words of a photo as a label file, atomically."""
    instances = [
        {"polygon": word.polygon, "text": word.text, "ignore": word.ignore} for word in words
    ]
    write_file(file, icdar_lines(instances))
