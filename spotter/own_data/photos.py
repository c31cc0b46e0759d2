"""Fine-tuning of the shipped detector on labelled photos."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.data.readers import CanonicalReader, Reader
from spotter.data.transforms.loading import load_pixels
from spotter.errors import ConfigError
from spotter.evaluation.matching import as_instances
from spotter.evaluation.protocols.detection import evaluate_detection
from spotter.hub.resolution import resolve_preset
from spotter.own_data.labels import Labels, split_samples, write_lines
from spotter.own_data.run import forget_training, run_training
from spotter.own_data.settings import (
    TuningSettings,
    loader,
    open_start,
    own_config,
    use_threads,
    validation_loader,
)
from spotter.own_data.tuning import finish
from spotter.pipeline.detector import TextDetector, scaled_header
from spotter.runtime.runtimes import open_runtime
from spotter.training.fine_tuning import resizing

_METRIC = "detection/hmean"
_FEWEST_PHOTOS = 5


@dataclass(frozen=True)
class FoundWords:
    """How well the words of the held-back photos are found, by ICDAR 2015's protocol.

    Attributes:
        precision: Share of found words that are there.
        recall: Share of words that are found.
        hmean: Harmonic mean of the two.
    """

    precision: float
    recall: float
    hmean: float

    @property
    def score(self) -> float:
        """:attr:`hmean`, by which weights are chosen."""
        return self.hmean

    def __str__(self) -> str:
        values = (100 * value for value in (self.hmean, self.precision, self.recall))
        return "hmean {:.1f} (precision {:.1f}, recall {:.1f})".format(*values)


@dataclass(frozen=True)
class TunedPhotos:
    """The result of fine-tuning a detector.

    Attributes:
        onnx: The file to use; ``None``: nothing was better than the start.
        before: Of the start.
        after: Of the new detector, or of the start where that is the best.
    """

    onnx: Path | None
    before: FoundWords
    after: FoundWords


def tune_photos(
    settings: TuningSettings, labels: Labels, say: Callable[[str], object] = print
) -> TunedPhotos:
    """Fine-tune a detector on labelled photos.

    First layers and batch norms stay as they are, the learning rate is low, and the start takes
    part in the choice of the best weights: what is written is never worse than the start on the
    photos that are held back.

    Args:
        settings: How.
        labels: Photos whose legible words are outlined.
        say: Gets lines on what is done.

    Raises:
        ConfigError: Fewer than five photos.
        TrainingInterrupted: A signal came; the same call goes on from there.
    """
    use_threads(settings.threads)
    if len(labels.samples) < _FEWEST_PHOTOS:
        raise ConfigError(
            f"{len(labels.samples)} photos can be used; at least {_FEWEST_PHOTOS} are needed"
        )
    start, header = open_detector_start(settings.start)
    train, held = split_samples(labels.samples, settings.hold_back, settings.seed)
    settings.out.mkdir(parents=True, exist_ok=True)
    files = [
        write_lines(settings.out / f"{name}.jsonl", part)
        for name, part in (("train", train), ("held_back", held))
    ]
    say(f"labels: {len(train)} photos to train on, {len(held)} held back")
    judged = CanonicalReader(files[1])
    before = find_words(start, header, judged, settings.threads)
    say(f"before: {before}")
    best = run_training(photo_config(settings, start, header, files[0], files[1]), say)
    after = find_words(best, header, judged, settings.threads)
    tuned = TunedPhotos(None, before, before)
    if after.hmean > before.hmean:
        onnx = finish(best, settings.out / "detector.safetensors", {})
        tuned = TunedPhotos(onnx, before, after)
    forget_training(best.parent)
    return tuned


def find_words(
    weights: Path, header: Mapping[str, Any], photos: Reader, threads: int | None = None
) -> FoundWords:
    """Find the words of labelled photos as the spotter does.

    Args:
        weights: A ``.safetensors`` file.
        header: Its input size and post-processing.
        photos: Canonical samples of photos.
        threads: See :func:`spotter.runtime.runtimes.open_runtime`.
    """
    detector = open_detector(weights, header, threads)
    found, true = {}, {}
    for number, sample in enumerate(photos):
        photo = load_pixels(sample)
        found[str(number)] = detector.find([photo])[0]
        true[str(number)] = as_instances(sample["instances"])
    scores = evaluate_detection(found, true, iou_threshold=0.5, ignore_threshold=0.5)
    return FoundWords(scores.precision, scores.recall, scores.hmean)


def open_detector(
    weights: Path, header: Mapping[str, Any], threads: int | None = None
) -> TextDetector:
    """A detector with the input size and post-processing of a header; see :func:`find_words`."""
    runtime = open_runtime(weights, "detection", "torch", threads=threads)
    served = {key: header[key] for key in ("preprocessing", "postprocessing")}
    runtime.header = {**runtime.header, **served}
    return TextDetector(runtime, adaptive=True)


def open_detector_start(name: str | Path) -> tuple[Path, dict[str, Any]]:
    """The weights to start from, and their header; of those of the default preset, as it uses them.

    Args:
        name: See :func:`spotter.own_data.settings.open_start`.
    """
    start, header = open_start(name, "detection")
    preset = resolve_preset("default")
    if preset.detector.stem != start.stem:
        return start, header
    used = scaled_header(header, preset.scale) if preset.scale else dict(header)
    return start, {**used, "postprocessing": {**header["postprocessing"], **preset.postprocessing}}


def photo_config(
    settings: TuningSettings, start: Path, header: Mapping[str, Any], train: Path, held: Path
) -> dict[str, Any]:
    """The config of the training.

    Args:
        settings: What the user wants.
        start: Weights to start from.
        header: Their header, as they are used.
        train: JSON lines of the photos to train on.
        held: JSON lines of those that are held back.
    """
    config = own_config(
        settings,
        start,
        settings.iterations or 1000,
        settings.lr or 1e-4,
        _METRIC,
        patience=5,
        validations=12,
    )
    config["custom_hooks"].append({"type": "FixedNormsHook"})
    model = copy.deepcopy(dict(header["config"]))
    post = {k: v for k, v in header["postprocessing"].items() if k != "type"}
    model["postprocessor"] = {"type": "DBPostprocessor", **post}
    if "frozen_blocks" in model["backbone"]:
        model["backbone"].update(frozen_blocks=2, norm_eval=True)
    crop = {"type": "RandomAffineCrop", "size": 640, "scale_range": (0.6, 2.0), "rotate": 8.0}
    steps: list[dict[str, Any]] = [
        # Mirrored text does not occur in photos.
        {**crop, "flip": 0.0},
        {"type": "ColorJitter"},
        {"type": "RandomDegrade", "probability": 0.2},
        {"type": "DBTargets"},
    ]
    resize = {"type": "ResizeByLimit", **resizing(header)}
    config.update(
        task="detection",
        model=model,
        preprocessing=dict(header["preprocessing"]),
        postprocessing=post,
        train_dataloader=loader(
            _dataset("own", train, steps), settings.batch_size or 4, {"type": "EndlessSampler"}
        ),
        val_dataloader=validation_loader(_dataset("held_back", held, [resize])),
        val_evaluator={"type": "DetectionScore", "protocol": "icdar2015"},
    )
    return config


def _dataset(name: str, lines: Path, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "TextDetDataset",
        "name": name,
        "reader": {"type": "CanonicalReader", "annotation_file": str(lines)},
        "pipeline": [{"type": "LoadImage"}, *steps, {"type": "PackDetInputs"}],
    }
