"""Whoever is to be compared: our models, and a peer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed import RapidOCRSide
from spotter.errors import ConfigError
from spotter.hub.zoo import SUFFIXES, ModelPair, resolve_pair, weights_file
from spotter.pipeline import SceneTextSpotter, WordRecognizer
from spotter.pipeline.detector import WordFinder
from spotter.runtime.onnx import OnnxRuntime
from spotter.runtime.runtimes import open_runtime
from spotter.structures import TextInstance

_PEER_NOTE = "what it was trained on is not known here and may include these sets"

#: Photo (H, W, 3) uint8 BGR to its words.
PhotoReader = Callable[[np.ndarray], list[TextInstance]]
#: File of a picture to its words or lines.
FileReader = Callable[[Path], list[TextInstance]]
#: Word crops to (text, confidence) each.
WordReader = Callable[[Sequence[np.ndarray]], list[tuple[str | None, float]]]


@dataclass(frozen=True)
class Contender:
    """One column of the table.

    Attributes:
        name: Its heading.
        about: What it is: weights with their checksum and settings, or a version.
        photos: Finds (and, if ``reads``, reads) the words of a photo; ``None``: cannot.
        words: Reads word crops; ``None``: cannot.
        files: Spots pictures that it opens by itself, as a user's would be; ``None``: cannot.
        reads: Whether the words of photos have texts.
        note: What else the reader of a table has to know.
    """

    name: str
    about: Mapping[str, Any] = field(default_factory=dict)
    photos: PhotoReader | None = None
    words: WordReader | None = None
    files: FileReader | None = None
    reads: bool = True
    note: str = ""

    @property
    def key(self) -> str:
        """Name for a folder, different for other weights and settings."""
        told = json.dumps(dict(self.about), sort_keys=True).encode()
        safe = "".join(c if c.isalnum() else "_" for c in self.name)
        return f"{safe}-{hashlib.sha256(told).hexdigest()[:8]}"


@dataclass(frozen=True)
class Settings:
    """How our models run.

    Attributes:
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: Threads per operator; ``None``: all cores of this process.
        min_score: Words of photos below it are dropped; ``None``: what the pair recommends.
        limit_side: Input size of the detector; ``None``: the weights' own.
        limit_type: ``"max"`` or ``"min"``, likewise.
        zoom: Factor by which photos are enlarged; ``None``: what the pair recommends.
        tile: Search larger photos in windows of this size, too.
    """

    runtime: str = "auto"
    device: str = "cpu"
    threads: int | None = None
    min_score: float | None = None
    limit_side: int | None = None
    limit_type: str | None = None
    zoom: float | None = None
    tile: int | None = None


def our_contender(model: str, settings: Settings) -> Contender:
    """A contender by the name or file of a model.

    Args:
        model: A pair of the zoo or a ``.json`` that names one; a detector or a recognizer by name
            or file; or one of each, joined by ``+``.
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
        "zoom": settings.zoom,
        "tile": settings.tile,
    }
    about: dict[str, Any] = {"runtime": settings.runtime}
    about.update({key: value for key, value in size.items() if value is not None})
    for task, file in (("detector", files.detector), ("recognizer", files.recognizer)):
        if file is not None:
            about[task] = f"{file.name}, SHA-256 {_checksum(file)}"
    photos: PhotoReader | None = None
    words: WordReader | None = None
    pictures: FileReader | None = None
    if files.recognizer is not None:
        about["language"] = _language_name(files.language)
        words = _word_reader(WordRecognizer(**files.reading, **run))
    if files.detector is not None:
        about["min_score"] = files.min_score
        if files.recognizer is None:
            photos = _photo_finder(files, size, run)
        else:
            about["crop_margin"] = files.crop_margin
            spotter = SceneTextSpotter(**files.spotting, **size, **run)
            photos, pictures = _photo_reader(spotter), _file_reader(spotter)
    if files.pair is not None and files.pair.second_look is not None:
        about["second look"] = json.dumps(files.pair.second_look.to_dict())
    if files.pair is not None and files.pair.zoom is not None:
        about.setdefault("zoom", files.pair.zoom)
    if files.pair is not None and files.pair.postprocessing:
        about["postprocessing"] = json.dumps(dict(files.pair.postprocessing))
    if files.pair is not None and files.pair.coarse_view is not None:
        about["coarse view"] = json.dumps(files.pair.coarse_view.to_dict())
    if files.calibration:
        about["calibration"] = json.dumps(files.calibration)
    names = [file.stem for file in (files.detector, files.recognizer) if file is not None]
    name = " + ".join(names)
    if files.pair is not None:
        name = f"{Path(model).stem}: {name}"
    return Contender(name, about, photos, words, pictures, files.recognizer is not None)


def peer_contender(peer: str, threads: int | None) -> Contender:
    """RapidOCR with the models of its package.

    Args:
        peer: A key of :data:`spotter.labeling.rapidocr.PEERS`.
        threads: Threads per operator; ``None``: one.

    Raises:
        ConfigError: The package is not installed.
    """
    side = RapidOCRSide(peer, threads or 1)
    about = {"version": version("rapidocr"), "models and thresholds": "those of its package"}

    def words(crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        return [side.read_word(crop) for crop in crops]

    return Contender(
        side.name,
        about,
        lambda photo: side.run(photo).words,
        words,
        side.read_file,
        note=_PEER_NOTE,
    )


@dataclass(frozen=True)
class _Files:
    detector: Path | None
    recognizer: Path | None
    min_score: float
    crop_margin: float = 0.0
    language: Mapping[str, Any] | str | Path = "none"
    pair: ModelPair | None = None
    model: str = ""

    @property
    def reading(self) -> dict[str, Any]:
        """Arguments of a :class:`WordRecognizer`."""
        if self.pair is not None:
            return {"model": self.model}
        return {"recognizer": self.recognizer, "language": "none"}

    @property
    def spotting(self) -> dict[str, Any]:
        """Arguments of a :class:`SceneTextSpotter`."""
        parts = {} if self.pair is not None else {"detector": self.detector}
        return {**parts, **self.reading, "min_score": self.min_score}

    @property
    def calibration(self) -> dict[str, dict[str, float]]:
        """Of the pair's scores, by part."""
        if self.pair is None:
            return {}
        parts = {
            "detection": self.pair.detection_calibration,
            "recognition": self.pair.recognition_calibration,
            "found": self.pair.found_calibration,
        }
        return {name: part.to_dict() for name, part in parts.items() if part is not None}


def _files(model: str, settings: Settings) -> _Files:
    detector: Path | None = None
    recognizer: Path | None = None
    pair = (
        None if Path(model).suffix in SUFFIXES.values() or "+" in model else _pair(model, settings)
    )
    if pair is not None:
        return _Files(
            pair.detector,
            pair.recognizer,
            pair.min_score if settings.min_score is None else settings.min_score,
            pair.crop_margin,
            "none" if pair.language is None else pair.language,
            pair,
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


def _pair(model: str, settings: Settings) -> ModelPair | None:
    try:
        return resolve_pair(model, runtime=settings.runtime)
    except ConfigError:
        if model.endswith(".json"):
            raise
        # Not the name of a pair; it may be that of a file.
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


def _word_reader(recognizer: WordRecognizer) -> WordReader:
    def read(crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        readings, _ = recognizer.read(crops)
        return [(None, 0.0) if r is None else (r.text, r.score) for r in readings]

    return read


def _photo_reader(spotter: SceneTextSpotter) -> PhotoReader:
    return lambda photo: spotter.spot(photo).instances


def _file_reader(spotter: SceneTextSpotter) -> FileReader:
    return lambda path: spotter.spot(path).instances


def _photo_finder(files: _Files, size: dict[str, Any], run: dict[str, Any]) -> PhotoReader:
    assert files.detector is not None
    finder = WordFinder(open_runtime(files.detector, "detection", **run), **size)

    def find(photo: np.ndarray) -> list[TextInstance]:
        found = finder.find([photo])[0]
        return [word for word in found if word.detection_score >= files.min_score]

    return find
