"""Adaptation of a recognizer to unlabelled photos: labels, training, measurements and decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spotter.adaptation.base import BaseSettings, Report, adapt
from spotter.adaptation.crops import Crops, gather_crops
from spotter.adaptation.drawn import any_word, draw_words
from spotter.adaptation.labelled import LabelledWords
from spotter.adaptation.labels import (
    WordLabel,
    WordRules,
    check_enough,
    independent_reader,
    label_words,
    preset_reader,
)
from spotter.adaptation.measure import (
    LabelledFigures,
    UnlabelledFigures,
    guard_words,
    measure_labelled,
    measure_unlabelled,
)
from spotter.adaptation.settings_file import check_settings
from spotter.adaptation.training import TrainingData, train_recognizer
from spotter.adaptation.views import ViewReader
from spotter.labeling.crop_mining import CropMiningSettings
from spotter.training.weights import read_header

_LEAST_LABELS = 20
_LABELS = "labels.jsonl"
_SEEDS = {"general": 1, "alike": 2}


@dataclass(frozen=True, kw_only=True)
class AdaptationSettings(BaseSettings):
    """How a recognizer is adapted; half of its drawn words are general, half like those read.

    Attributes:
        mining: How words are found in photos; ``None``: the pictures are single words.
        preset: Name or file of the preset whose language and views help to label; its language
            only where ``start`` is its recognizer or brings one.
        by_agreement: Labels are readings of RapidOCR that a view agrees with, else those of the
            preset.
        rules: When a word gets a label.
        workers: Processes that mine.
    """

    mining: CropMiningSettings | None = None
    preset: str | Path = "default"
    by_agreement: bool = False
    rules: WordRules = field(default_factory=WordRules)
    workers: int = 1


@dataclass(frozen=True)
class Figures:
    """What is measured of a recognizer.

    Attributes:
        guard: On the guard set.
        held_back: On the crops held back; ``None``: there are none.
        labelled: On labelled words; ``None``: there are none.
    """

    guard: LabelledFigures
    held_back: UnlabelledFigures | None
    labelled: LabelledFigures | None

    def to_dict(self) -> dict[str, Any]:
        """See :class:`spotter.adaptation.base.BaseFigures`."""
        values: dict[str, Any] = {"guard_exact": self.guard.exact}
        if self.held_back is not None:
            values["held_back"] = asdict(self.held_back)
        if self.labelled is not None:
            values["exact"] = self.labelled.exact
            values["exact_folded"] = self.labelled.exact_folded
        return values

    def worse_than(self, before: Figures) -> str:
        """See :class:`spotter.adaptation.base.BaseFigures`."""
        if self.labelled is not None and before.labelled is not None:
            worse = self.labelled.exact < before.labelled.exact
            return "it reads fewer of the labelled words" if worse else ""
        was, is_ = before.held_back, self.held_back
        if was is None or is_ is None:
            return ""
        if was.peer_agreement is not None and is_.peer_agreement is not None:
            worse = is_.peer_agreement < was.peer_agreement
            return "it reads fewer of the words held back as RapidOCR does" if worse else ""
        worse = is_.agreement < was.agreement
        return "its views of the words held back agree less" if worse else ""


def adapt_recognizer(
    source: Path,
    out: Path,
    work_dir: Path,
    settings: AdaptationSettings,
    labelled: LabelledWords | None = None,
) -> Report[Figures]:
    """Adapt a recognizer to unlabelled photos or crops; interrupted, it goes on where it stopped.

    Args:
        source: Folder of photos or of word crops, or an LMDB of crops.
        out: Weights to write (``.safetensors``); the ONNX file is written beside it.
        work_dir: Folder of crops, labels, drawn words, checkpoints and ``report.json``.
        settings: How.
        labelled: Words to measure the gain with; photos that they are from are not learned from.

    Returns:
        What was done. ``out`` is written only where the weights became better.

    Raises:
        SpotterError: There is too little to learn from, or bad input.
    """
    words = prepare_words(source, work_dir, settings, labelled)
    learned, held, known = words.learned, words.held_back, words.texts
    print(
        f"{len(learned)} words to learn from, {len(known)} of them labelled; {len(held)} held back"
    )
    bench = _Bench(words, labelled, settings)

    def train() -> Path:
        data = training_data(words, work_dir, settings)
        return train_recognizer(settings.start, data, work_dir / "training", settings.training)

    counts = {"crops": len(words.crops), "learned": len(learned), "labelled": len(known)}
    by = "RapidOCR" if settings.by_agreement else "the preset"
    data = f"{len(learned)} unlabelled words, {len(known)} of them labelled by {by}; drawn words"
    return adapt(out, work_dir, settings, bench, train, counts, data)


@dataclass(frozen=True)
class PreparedWords:
    """The unlabelled words of an adaptation, with what is known of them.

    Attributes:
        crops: All of them.
        learned: Positions of those to learn from.
        held_back: Positions of those that measure without labels.
        labels: By position.
        characters: That labels may hold.
    """

    crops: Crops
    learned: Sequence[int]
    held_back: Sequence[int]
    labels: Mapping[int, WordLabel]
    characters: str

    @property
    def texts(self) -> list[str]:
        """The labels of the words to learn from that have one."""
        return [text for text in (self.labels[i].label for i in self.learned) if text]


def prepare_words(
    source: Path,
    work_dir: Path,
    settings: AdaptationSettings,
    labelled: LabelledWords | None = None,
) -> PreparedWords:
    """Gather the words to adapt to and label those that are sure.

    Args:
        source: See :func:`adapt_recognizer`.
        work_dir: Folder of the crops and labels; what is there already is kept.
        settings: How.
        labelled: Words of photos that are not learned from.

    Raises:
        SpotterError: There is too little to learn from, or bad input.
    """
    _check_settings(work_dir, settings)
    crops = gather_crops(source, work_dir / "crops.lmdb", settings.mining, settings.workers)
    learned, held = crops.split(settings.held_back, _hidden(crops, source, labelled))
    characters = read_header(settings.start)["charset"]
    labels = _label(crops, [*learned, *held], characters, work_dir, settings)
    check_enough(labels, learned, _LEAST_LABELS)
    return PreparedWords(crops, learned, held, labels, characters)


def _check_settings(work_dir: Path, settings: AdaptationSettings) -> None:
    """Refuse to continue in a work folder that was started with other settings.

    Raises:
        ConfigError: The folder was begun with other settings.
    """
    values = {**asdict(settings), "start": settings.start.name}
    if settings.mining is not None:
        values["mining"] = settings.mining.kept()
    check_settings(work_dir, values, ("measured", "max_loss", "max_share", "workers", "threads"))


def _hidden(crops: Crops, source: Path, labelled: LabelledWords | None) -> set[str]:
    """Names of the photos whose labels are to measure with."""
    if labelled is None:
        return set()
    files = labelled.files()
    return {origin for origin in set(crops.origins) if (source / origin).resolve() in files}


def _label(
    crops: Crops,
    indices: Sequence[int],
    characters: str,
    work_dir: Path,
    settings: AdaptationSettings,
) -> dict[int, WordLabel]:
    own = preset_reader(
        settings.preset, settings.start, settings.training.reading_device, settings.threads
    )
    reader = ViewReader(settings.start, settings.training.reading_device, settings.threads)
    file = work_dir / _LABELS
    if not settings.by_agreement:
        return label_words(crops, indices, reader, file, settings.rules, own)
    peer = independent_reader(characters, settings.threads or 1)
    return label_words(crops, indices, reader, file, settings.rules, peer, own)


def training_data(
    words: PreparedWords, work_dir: Path, settings: AdaptationSettings
) -> TrainingData:
    """The data sets of a training; draws the words with labels that are not there yet.

    Args:
        words: To learn from.
        work_dir: Folder of :func:`prepare_words`.
        settings: How.

    Raises:
        ConfigError: There are no fonts to draw with.
    """
    spelled = any_word(words.characters)
    general, alike = (
        draw_words(
            work_dir / f"drawn_{name}",
            settings.drawn // 2,
            words.characters,
            settings.training.seed * 10 + seed,
            settings.fonts,
            # No shipped word can be written in this alphabet, so all drawn words are like those
            # read.
            like=words.texts if name == "alike" or not spelled else None,
        )
        for name, seed in _SEEDS.items()
    )
    labels, cache = work_dir / _LABELS, work_dir / "cache"
    return TrainingData(words.crops.path, words.learned, labels, general, alike, cache)


class _Bench:
    """Measures weights on the same words each time."""

    def __init__(
        self,
        words: PreparedWords,
        labelled: LabelledWords | None,
        settings: AdaptationSettings,
    ) -> None:
        held = words.held_back[: settings.measured]
        self._settings = settings
        self._held = [words.crops.load(index) for index in held]
        self._peer = [words.labels[i].peer for i in held] if settings.by_agreement else None
        self._guard = guard_words(words.characters)
        self._labelled = None if labelled is None else labelled.load()

    def _open(self, weights: Path) -> ViewReader:
        return ViewReader(weights, self._settings.training.reading_device, self._settings.threads)

    def measure_guard(self, weights: Path) -> LabelledFigures:
        return measure_labelled(self._open(weights), self._guard)

    def measure(self, weights: Path, guard: LabelledFigures | None = None) -> Figures:
        reader = self._open(weights)
        return Figures(
            guard or measure_labelled(reader, self._guard),
            measure_unlabelled(reader, self._held, self._peer) if self._held else None,
            None if self._labelled is None else measure_labelled(reader, self._labelled),
        )
