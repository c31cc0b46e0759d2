"""Our models as systems of a comparison."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.systems.base import Reading, System, TimedSpot
from spotter.errors import ConfigError
from spotter.hub.resolution import SUFFIXES, ResolvedPreset, resolve_preset, weights_file
from spotter.pipeline import SceneTextSpotter, WordRecognizer
from spotter.pipeline.detector import TextDetector
from spotter.pipeline.multi_scale import MAX_PASSES
from spotter.runtime.onnx import OnnxRuntime
from spotter.runtime.runtimes import open_runtime
from spotter.structures import TextInstance

OURS = "spotter"


class OurSystem(System):
    """Models of this toolkit: a spotter, or one of its stages alone.

    Args:
        name: See :class:`System`.
        about: See :class:`System`.
        spotter: Finds and reads the words of photos.
        recognizer: Reads word crops.
        detector: Finds the words of photos, where there is no spotter.
        min_score: Words of the detector with a lower detection score are dropped.
    """

    def __init__(
        self,
        name: str = OURS,
        about: Mapping[str, Any] | None = None,
        spotter: SceneTextSpotter | None = None,
        recognizer: WordRecognizer | None = None,
        detector: TextDetector | None = None,
        min_score: float = 0.0,
    ) -> None:
        tasks = ["photos"] if spotter or detector else []
        tasks += ["files"] if spotter else []
        tasks += ["words"] if recognizer else []
        super().__init__(name, about, tasks, reads=spotter is not None or detector is None)
        self.spotter = spotter
        self.recognizer = recognizer
        self.detector = detector
        self.min_score = min_score

    def spot(self, photo: np.ndarray) -> list[TextInstance]:
        """See :class:`System`."""
        if self.spotter is not None:
            return self.spotter.spot(photo).instances
        if self.detector is None:
            return super().spot(photo)
        found = self.detector.find([photo])[0]
        return [word for word in found if word.detection_score >= self.min_score]

    def spot_file(self, path: Path) -> list[TextInstance]:
        """See :class:`System`."""
        if self.spotter is None:
            return super().spot_file(path)
        return self.spotter.spot(path).instances

    def read(self, crops: Sequence[np.ndarray]) -> list[Reading]:
        """See :class:`System`."""
        if self.recognizer is None:
            return super().read(crops)
        readings, _ = self.recognizer.read(crops)
        return [(None, 0.0) if r is None else (r.text, r.score) for r in readings]

    def timed_spot(self, photo: np.ndarray) -> TimedSpot:
        """See :class:`System`."""
        if self.spotter is None:
            return super().timed_spot(photo)
        cpu, start = time.process_time(), time.perf_counter()
        found = self.spotter.detect(photo)
        between = time.perf_counter()
        words = self.spotter.read(photo, found)
        end = time.perf_counter()
        used = time.process_time() - cpu
        return TimedSpot(words, (between - start) * 1e3, (end - between) * 1e3, used * 1e3)


@dataclass(frozen=True)
class Settings:
    """How our models run.

    Attributes:
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: Threads per operator; ``None``: all cores of this process.
        min_score: Words of photos below it are dropped; ``None``: what the preset recommends.
        limit_side: Input size of the detector; ``None``: the weights' own.
        limit_type: ``"max"`` or ``"min"``; ``None``: the weights' own.
        scale: Factor by which photos are enlarged; ``None``: what the preset recommends.
        tile: Search larger photos in windows of this size, too.
    """

    runtime: str = "auto"
    device: str = "cpu"
    threads: int | None = None
    min_score: float | None = None
    limit_side: int | None = None
    limit_type: str | None = None
    scale: float | None = None
    tile: int | None = None


def our_system(model: str, settings: Settings) -> OurSystem:
    """A system by the name or file of a model.

    Args:
        model: A preset or a ``.json`` file of one; a detector or a recognizer by name or file; or
            one of each, joined by ``+``.
        settings: How it runs.

    Raises:
        ConfigError: Unknown model.
        WeightsError: A file is missing or unfit.
    """
    files = _files(model, settings)
    run: dict[str, Any] = {
        "runtime": settings.runtime,
        "device": settings.device,
        "threads": settings.threads,
    }
    size: dict[str, Any] = {
        "limit_side": settings.limit_side,
        "limit_type": settings.limit_type,
        "scale": settings.scale,
        "tile": settings.tile,
    }
    spotter: SceneTextSpotter | None = None
    recognizer: WordRecognizer | None = None
    detector: TextDetector | None = None
    if files.recognizer is not None:
        recognizer = WordRecognizer(**files.reading, **run)
        if files.detector is not None:
            spotter = SceneTextSpotter(**files.spotting, **size, **run)
    elif files.detector is not None:
        detector = TextDetector(open_runtime(files.detector, "detection", **run), **size)
    names = [file.stem for file in (files.detector, files.recognizer) if file is not None]
    name = " + ".join(names)
    if files.preset is not None:
        name = f"{Path(model).stem}: {name}"
    about = {"runtime": settings.runtime, **_about(files), **_without_none(size)}
    return OurSystem(name, about, spotter, recognizer, detector, files.min_score)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True)
class _Files:
    detector: Path | None
    recognizer: Path | None
    min_score: float
    crop_margin: float = 0.0
    language: Mapping[str, Any] | str | Path = "none"
    preset: ResolvedPreset | None = None
    model: str = ""

    @property
    def reading(self) -> dict[str, Any]:
        """Arguments of a :class:`WordRecognizer`."""
        if self.preset is not None:
            return {"model": self.model}
        return {"recognizer": self.recognizer, "language": "none"}

    @property
    def spotting(self) -> dict[str, Any]:
        """Arguments of a :class:`SceneTextSpotter`."""
        parts = {} if self.preset is not None else {"detector": self.detector}
        return {**parts, **self.reading, "min_score": self.min_score}

    @property
    def calibration(self) -> dict[str, dict[str, float]]:
        """Of the preset's scores, by part."""
        if self.preset is None:
            return {}
        parts = {
            "detection": self.preset.detection_calibration,
            "recognition": self.preset.recognition_calibration,
            "found": self.preset.found_calibration,
        }
        return {name: part.to_dict() for name, part in parts.items() if part is not None}


def _files(model: str, settings: Settings) -> _Files:
    detector: Path | None = None
    recognizer: Path | None = None
    parts_named = Path(model).suffix in SUFFIXES.values() or "+" in model
    preset = None if parts_named else _preset(model, settings)
    if preset is not None:
        return _Files(
            preset.detector,
            preset.recognizer,
            preset.min_score if settings.min_score is None else settings.min_score,
            preset.crop_margin,
            "none" if preset.language is None else preset.language,
            preset,
            model,
        )
    for name in model.split("+"):
        file = weights_file(name, settings.runtime)
        if _task(file, settings.runtime) == "detection":
            detector = file
        else:
            recognizer = file
    if "+" in model and (detector is None or recognizer is None):
        raise ConfigError(f"{model}: not a detector and a recognizer")
    return _Files(detector, recognizer, settings.min_score or 0.0)


def _preset(model: str, settings: Settings) -> ResolvedPreset | None:
    try:
        return resolve_preset(model, runtime=settings.runtime)
    except ConfigError:
        if model.endswith(".json"):
            raise
        # Not the name of a preset; it may be that of a file.
        return None


def _task(file: Path, runtime: str) -> str:
    if runtime != "torch":
        return OnnxRuntime(file, threads=1).header["task"]
    from spotter.training.weights import read_header

    return read_header(file)["task"]


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _language_name(language: Mapping[str, Any] | str | Path) -> str:
    if isinstance(language, Mapping):
        return json.dumps(dict(language), sort_keys=True, default=str)
    path = Path(language)
    return f"{path.stem}, SHA-256 {_checksum(path)}" if path.is_file() else str(language)


def _about(files: _Files) -> dict[str, Any]:
    """Weights and settings, as a table tells them."""
    about: dict[str, Any] = {}
    for task, file in (("detector", files.detector), ("recognizer", files.recognizer)):
        if file is not None:
            about[task] = f"{file.name}, SHA-256 {_checksum(file)}"
    if files.recognizer is not None:
        about["language"] = _language_name(files.language)
    if files.detector is not None:
        about["min_score"] = files.min_score
        if files.recognizer is not None:
            about["crop_margin"] = files.crop_margin
    if files.preset is not None:
        about.update(_settings_of(files.preset))
    if files.calibration:
        about["calibration"] = json.dumps(files.calibration)
    return about


def _settings_of(preset: ResolvedPreset) -> dict[str, Any]:
    """Settings of a preset that differ from the defaults."""
    settings: dict[str, Any] = {}
    if preset.test_time_augmentation is not None:
        settings["test-time augmentation"] = json.dumps(preset.test_time_augmentation.to_dict())
    if preset.scale is not None:
        settings["scale"] = preset.scale
    if preset.postprocessing:
        settings["postprocessing"] = json.dumps(dict(preset.postprocessing))
    if preset.thorough:
        settings["thorough"] = True
    if not preset.coarse_pass:
        settings["coarse pass"] = False
    if not preset.lengthen_words:
        settings["lengthen words"] = False
    if preset.finer_passes != MAX_PASSES:
        settings["finer passes"] = preset.finer_passes
    return settings
