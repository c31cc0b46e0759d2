"""Adaptation of a detector to unlabelled photos: training, measurements and decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.progress import track

from spotter.adaptation.base import BaseSettings, Report, adapt
from spotter.adaptation.crops import held_back_fraction
from spotter.adaptation.detector_training import DetectorData, detector_config
from spotter.adaptation.settings_file import check_settings
from spotter.adaptation.training import TrainingSettings, run_adaptation
from spotter.data.readers import CanonicalReader, ICDARDetectionReader, Reader
from spotter.errors import ConfigError, ImageError
from spotter.evaluation.protocols.detection import evaluate_detection
from spotter.io.folders import list_images
from spotter.io.images import read_image
from spotter.own_data.labels import Labels, write_lines
from spotter.own_data.photos import FoundWords, find_words, open_detector, open_detector_start
from spotter.pipeline.detector import TextDetector
from spotter.structures import TextInstance
from spotter.synthesis.writers import SynthesisSettings, write_scenes

_FEWEST_PHOTOS = 10
_SEEDS = {"drawn": 1, "guard": 2}
_SCALES = (0.8, 1.25)
_LABEL_MARGIN = 0.12


@dataclass(frozen=True, kw_only=True)
class DetectorSettings(BaseSettings):
    """How a detector is adapted, to photos and drawn scenes.

    Attributes:
        guard: Drawn scenes that measure what the detector forgets.
    """

    training: TrainingSettings = field(
        default_factory=lambda: TrainingSettings(lr=1e-4, batch_size=4)
    )
    measured: int = 40
    drawn: int = 200
    guard: int = 40


@dataclass(frozen=True)
class DetectorFigures:
    """What is measured of a detector.

    Attributes:
        guard: On drawn scenes.
        agreement: On photos held back: h-mean of what is found in smaller, larger and negative
            views, with what is found in the photo itself as the truth; ``None``: there are none.
        found: Words that are found in them.
        labelled: On labelled photos; ``None``: there are none.
    """

    guard: FoundWords
    agreement: float | None = None
    found: int = 0
    labelled: FoundWords | None = None

    def to_dict(self) -> dict[str, Any]:
        """See :class:`spotter.adaptation.base.BaseFigures`."""
        return asdict(self)

    def worse_than(self, before: DetectorFigures) -> str:
        """See :class:`spotter.adaptation.base.BaseFigures`."""
        if self.labelled is not None and before.labelled is not None:
            worse = self.labelled.hmean < before.labelled.hmean
            return "it finds the words of the labelled photos worse" if worse else ""
        worse = (self.agreement or 0.0) < (before.agreement or 0.0)
        return "what it finds in views of the photos held back agrees less" if worse else ""


def adapt_detector(
    source: Path,
    out: Path,
    work_dir: Path,
    settings: DetectorSettings,
    labelled: Labels | None = None,
) -> Report[DetectorFigures]:
    """Adapt a detector to unlabelled photos; interrupted, it goes on where it stopped.

    Args:
        source: Folder of photos.
        out: Weights to write (``.safetensors``); the ONNX file is written beside it.
        work_dir: Folder of drawn scenes, checkpoints and ``report.json``.
        settings: How.
        labelled: Photos with outlined words to measure the gain with; they are not learned from.

    Returns:
        What was done. ``out`` is written only where the weights became better.

    Raises:
        SpotterError: There is too little to learn from, or bad input.
    """
    start, header = open_detector_start(settings.start)
    settings = replace(settings, start=start)
    kept = ("measured", "guard", "max_loss", "max_share", "threads")
    check_settings(work_dir, {**asdict(settings), "start": start.name}, kept)
    learned, held = _split(source, settings.held_back, labelled)
    print(f"{len(learned)} photos to learn from, {len(held)} held back")
    bench = _Bench(header, held[: settings.measured], labelled, work_dir, settings)

    def train() -> Path:
        return _train(header, learned, work_dir, settings)

    data = f"{len(learned)} unlabelled photos; drawn scenes"
    return adapt(out, work_dir, settings, bench, train, {"learned": len(learned)}, data)


def _split(source: Path, share: float, labelled: Labels | None) -> tuple[list[Path], list[Path]]:
    """Photos to learn from, and those held back; which, depends on their names alone."""
    hidden = {Path(s["img_path"]).resolve() for s in labelled.samples} if labelled else set()
    learned: list[Path] = []
    held: list[Path] = []
    for name, path in list_images(source).items():
        if path.resolve() not in hidden:
            (held if held_back_fraction(name) < share else learned).append(path.resolve())
    if len(learned) < _FEWEST_PHOTOS:
        raise ConfigError(
            f"{source}: {len(learned)} photos to learn from; at least {_FEWEST_PHOTOS} are needed"
        )
    return learned, held


def _draw(work_dir: Path, name: str, count: int, settings: DetectorSettings) -> Path:
    """Drawn scenes and their labels; a later run goes on where the last one stopped."""
    folder = work_dir / name
    made = SynthesisSettings(
        settings.fonts,
        seed=settings.training.seed * 10 + _SEEDS[name],
        label_margin=_LABEL_MARGIN,
        charset="latin",
    )
    write_scenes(folder, made, count)
    return folder


def _train(
    header: Mapping[str, Any],
    learned: Sequence[Path],
    work_dir: Path,
    settings: DetectorSettings,
) -> Path:
    lines = ({"img_path": str(path), "instances": []} for path in learned)
    data = DetectorData(
        write_lines(work_dir / "photos.jsonl", lines),
        _draw(work_dir, "drawn", settings.drawn, settings),
    )
    config = detector_config(settings.start, header, data, work_dir / "training", settings.training)
    return run_adaptation(config)


class _Bench:
    """Measures weights on the same photos each time."""

    def __init__(
        self,
        header: Mapping[str, Any],
        held: Sequence[Path],
        labelled: Labels | None,
        work_dir: Path,
        settings: DetectorSettings,
    ) -> None:
        self._header = header
        guard = _draw(work_dir, "guard", settings.guard, settings)
        self._guard = ICDARDetectionReader(guard / "gt", guard / "images")
        self._held = held
        self._labelled: Reader | None = None
        if labelled is not None:
            self._labelled = CanonicalReader(
                write_lines(work_dir / "labelled.jsonl", labelled.samples)
            )
        self._threads = settings.threads

    def measure_guard(self, weights: Path) -> FoundWords:
        return find_words(weights, self._header, self._guard, self._threads)

    def measure(self, weights: Path, guard: FoundWords | None = None) -> DetectorFigures:
        agreement, found = None, 0
        if self._held:
            detector = open_detector(weights, self._header, self._threads)
            agreement, found = measure_agreement(detector, self._held)
        labelled = None
        if self._labelled is not None:
            labelled = find_words(weights, self._header, self._labelled, self._threads)
        return DetectorFigures(guard or self.measure_guard(weights), agreement, found, labelled)


def measure_agreement(detector: TextDetector, photos: Sequence[Path]) -> tuple[float, int]:
    """Agreement of the words that a detector finds in views of photos, and their number.

    Args:
        detector: The detector.
        photos: Files; those that cannot be read are passed over.

    Returns:
        H-mean in [0, 1] of the words of smaller, larger and negative views against those of the
        photos themselves, and the number of the latter.
    """
    plain: dict[str, list[TextInstance]] = {}
    views: dict[str, list[TextInstance]] = {}
    found = 0
    for number, path in enumerate(track(photos, "measuring views", transient=True)):
        try:
            photo = read_image(path)
        except ImageError:
            continue
        words = detector.find([photo])[0]
        found += len(words)
        for name, view, scale in _views(photo):
            key = f"{number} {name}"
            plain[key] = words
            views[key] = detector.find([view])[0]
            for word in views[key]:
                word.polygon = word.polygon / np.float32(scale)
    scores = evaluate_detection(views, plain, iou_threshold=0.5, ignore_threshold=0.5)
    return scores.hmean, found


def _views(photo: np.ndarray) -> list[tuple[str, np.ndarray, float]]:
    views = [("negative", 255 - photo, 1.0)]
    for scale in _SCALES:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        views.append(
            (f"{scale:g}", cv2.resize(photo, None, fx=scale, fy=scale, interpolation=how), scale)
        )
    return views
