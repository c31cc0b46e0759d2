"""The training of an adaptation: character-level consistency on crops, and supervised losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch import Tensor, nn

from spotter.adaptation import schedule
from spotter.errors import ConfigError, TrainingInterrupted
from spotter.label_alphabet import LabelAlphabet
from spotter.methods.base import Samples, Views
from spotter.methods.semi_supervised.consistency import CharacterConsistency
from spotter.registry import MODELS
from spotter.training.fine_tuning import fine_tuning_config, resizing
from spotter.training.header import buildable_config
from spotter.training.hooks import InterruptHook
from spotter.training.runner import SpotterRunner
from spotter.training.weights import read_header

LAST = "last.safetensors"
"""What :class:`spotter.training.hooks.TimedCheckpointHook` names the weights of a run's end."""

_MOMENTUM = 0.9
_BRANCHES = ["labelled", "weak", "strong"]
_DRAWN = {"geometric": 0.5, "color": 0.3, "blur": 0.05, "resample": 0.05, "noise": 0.05}


@MODELS.register_module()
class AdaptationConsistency(CharacterConsistency):
    """:class:`CharacterConsistency` on batches that may lack labelled or unlabelled crops.

    A batch has crops of one width, and of a rare width there may be only labelled or only
    unlabelled ones. Batch norms keep the statistics of the start: those of few small batches of one
    width would be wrong.
    """

    def train(self, mode: bool = True) -> AdaptationConsistency:
        """As of any module, but for the batch norms, which stay in evaluation mode."""
        super().train(mode)
        for module in self.modules():
            # The common base of all batch norms, the synchronised ones included.
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """See :class:`CharacterConsistency`; what a batch lacks has no loss."""
        if "weak" not in inputs:
            self.follow()
            return self.supervised(inputs, data_samples)
        if "labelled" not in inputs:
            # One crop without a label stands in for them: no loss is made of it.
            inputs = {**inputs, "labelled": inputs["weak"][:1]}
            data_samples = {**data_samples, "labelled": data_samples["weak"][:1]}
        return super().loss(inputs, data_samples)

    def _check_branches(self, inputs: Any) -> None:
        if not isinstance(inputs, Mapping):
            super()._check_branches(inputs)


@dataclass(frozen=True)
class TrainingSettings:
    """How an adaptation trains.

    Attributes:
        minutes: How long.
        lr: Largest learning rate.
        batch_size: Crops per batch.
        shares: Of the labelled crops, of the crops as weak and strong views, of general drawn words
            and of drawn words like those read, in a batch.
        weight: Of the loss of consistency.
        momentum: Of the teacher, a moving average of the weights; ``None``: 0.9 for a recognizer,
            as a teacher that remembers a hundred updates holds a short run back (measured:
            docs/studies/adaptation.md), 0.99 for a detector.
        threshold: Least confidence of a reading of the teacher that takes part.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: Of all random numbers.

    Raises:
        ConfigError: A value outside its range.
    """

    minutes: float = 30.0
    lr: float = 4e-4
    batch_size: int = 32
    shares: tuple[float, float, float, float] = (0.5, 0.15, 0.2, 0.15)
    weight: float = 1.0
    momentum: float | None = None
    threshold: float = 0.5
    device: str = "auto"
    seed: int = 0

    @property
    def reading_device(self) -> str:
        """Where the weights read while they are measured: with ``"auto"`` on the CPU."""
        return "cpu" if self.device == "auto" else self.device

    def __post_init__(self) -> None:
        if not (self.minutes > 0 and self.lr > 0 and self.batch_size > 0):
            raise ConfigError("minutes, lr and batch_size must be positive")


@dataclass(frozen=True)
class TrainingData:
    """What an adaptation learns from.

    Attributes:
        crops: LMDB of the crops.
        learned: Positions of those to learn from.
        labels: File of their labels (:func:`spotter.adaptation.labels.label_words`).
        general: LMDB of drawn words.
        alike: LMDB of drawn words like those read.
        cache: Folder for decoded images.
    """

    crops: Path
    learned: Sequence[int]
    labels: Path
    general: Path
    alike: Path
    cache: Path


def train_recognizer(
    start: Path, data: TrainingData, work_dir: Path, settings: TrainingSettings
) -> Path:
    """Train a recognizer from ``start``, see :func:`run_adaptation`.

    Args:
        start: Weights (``.safetensors``) to adapt.
        data: What to learn from.
        work_dir: Folder of the run.
        settings: How.
    """
    return run_adaptation(training_config(start, data, work_dir, settings))


def run_adaptation(config: Config) -> Path:
    """Train; a run that was interrupted is taken up where it stopped.

    Args:
        config: See :func:`adaptation_config`.

    Returns:
        The weights at the end of the run.

    Raises:
        WeightsError: Weights that cannot be trained.
        TrainingInterrupted: The run was stopped before its end; its checkpoint stays.
    """
    work_dir = Path(config.work_dir)
    last = work_dir / LAST
    if not last.is_file():
        runner = SpotterRunner.from_cfg(config)
        runner.train()
        if not schedule.is_complete(runner):
            last.unlink(missing_ok=True)
            raise TrainingInterrupted(InterruptHook.status_of(runner) or 130)
        for path in work_dir.glob("iter_*.pth"):
            path.unlink()
    return last


def training_config(
    start: Path, data: TrainingData, work_dir: Path, settings: TrainingSettings
) -> Config:
    """The experiment config of a recognizer's adaptation; see :func:`train_recognizer`."""
    header = read_header(start)
    model = buildable_config(header["config"], start, header["charset"])
    size = resizing(header)
    in_frames = model.get("prediction", {}).get("type") == "CTCPrediction"
    # CTC learns from labels that leave out what the charset can express; decoders leave them out.
    words = LabelAlphabet.of_words(header["charset"]) if in_frames else None
    alphabet = None if words is None else asdict(words)
    loader: dict[str, Any] = {
        "dataset": _datasets(data, size, in_frames, settings.shares, alphabet)
    }
    if size.get("mode") == "buckets":
        buckets = {k: v for k, v in size.items() if k in ("widths", "height", "stretch")}
        loader["batch_sampler"] = {"type": "BucketBatchSampler", **buckets}
    method = {
        "type": "AdaptationConsistency",
        "recognizer": model,
        "momentum": _MOMENTUM if settings.momentum is None else settings.momentum,
        "threshold": settings.threshold,
        "weight": settings.weight,
        # The start is trained already. A new projection would have to be learned first, and its
        # gradients would harm the features until then.
        "projection": None,
    }
    cfg = adaptation_config(start, header, work_dir, settings, method, loader)
    cfg["custom_hooks"].append({"type": "EMAHook", "decay": 0.998})
    return Config(cfg)


def adaptation_config(
    start: Path,
    header: Mapping[str, Any],
    work_dir: Path,
    settings: TrainingSettings,
    method: Mapping[str, Any],
    loader: Mapping[str, Any],
) -> dict[str, Any]:
    """What the adaptations of recognizers and detectors have in common.

    Args:
        start: Weights (``.safetensors``) to adapt.
        header: Their header, as they are used.
        work_dir: Folder of the run.
        settings: How.
        method: Config of the method that wraps the network.
        loader: The data set, and what else the loader has of its own.
    """
    checkpoint = {"type": "TimedCheckpointHook", "minutes": 5.0, "keep": 1, "save_last": True}
    return {
        **fine_tuning_config(start, work_dir, settings.device, settings.seed, settings.lr, "auto"),
        "task": header["task"],
        "preprocessing": header["preprocessing"],
        "postprocessing": header["postprocessing"],
        "model": dict(method),
        "resume": True,
        "train_dataloader": {
            "batch_size": settings.batch_size,
            "num_workers": 0,
            "collate_fn": {"type": "pseudo_collate"},
            "sampler": {"type": "RatioSampler"},
            **loader,
        },
        "train_cfg": {"type": "ResumableTrainLoop", "max_iters": 10**9},
        "default_hooks": {
            "logger": {"type": "AdaptationProgressHook"},
            "checkpoint": checkpoint,
        },
        "custom_hooks": [{"type": "AdaptationScheduleHook", "minutes": settings.minutes}],
    }


def _datasets(
    data: TrainingData,
    size: Mapping[str, Any],
    in_frames: bool,
    shares: Sequence[float],
    alphabet: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Labelled crops, crops as two views, general drawn words, drawn words like those read."""
    crops = {
        "type": "SelectedReader",
        "reader": {"type": "LMDBReader", "lmdb_path": str(data.crops), "labelled": False},
        "indices": list(data.learned),
    }
    labelled = {
        "type": "PseudoLabelReader",
        "reader": crops,
        "labels": str(data.labels),
        "max_length": None,
    }
    resize = [{"type": "RecResize", **size}, {"type": "PackRecInputs"}]
    # Frames are compared one by one, so every character has to stay in its place.
    strong = {"geometric": 0, "photometric": 3} if in_frames else {}
    views = {
        "weak": [{"type": "WeakView"}, *resize],
        "strong": [{"type": "StrongView", **strong}, *resize],
    }

    def drawn(path: Path) -> dict[str, Any]:
        augmented = _augmented(size, **_DRAWN)
        return _dataset({"type": "LMDBReader", "lmdb_path": str(path)}, augmented, data, path.name)

    return {
        "type": "ConcatDataset",
        "datasets": [
            # What was read has no spaces, even where the crop shows some.
            {
                **_dataset(labelled, _augmented(size, jitter=0.08), data, "labelled"),
                "label_alphabet": alphabet,
            },
            _dataset(crops, views, data, "unlabelled"),
            drawn(data.general),
            drawn(data.alike),
        ],
        "ratios": list(shares),
    }


def _augmented(size: Mapping[str, Any], **settings: float) -> dict[str, list[dict[str, Any]]]:
    steps = [{"type": "RecAugment", **size, **settings}, {"type": "PackRecInputs"}]
    return {"labelled": steps}


def _dataset(
    reader: dict[str, Any], branches: dict[str, Any], data: TrainingData, name: str
) -> dict[str, Any]:
    pipeline = {
        "type": "MultiBranch",
        "fields": _BRANCHES,
        "shared": [{"type": "LoadCrop"}],
        "branches": branches,
    }
    return {
        "type": "TextRecDataset",
        "name": name,
        "unspellable": "leave_out",
        "reader": reader,
        "pipeline": [pipeline],
        "cache_dir": str(data.cache),
        "cache_height": 64,
    }
