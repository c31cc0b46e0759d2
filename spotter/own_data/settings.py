"""Settings of fine-tuning, and the parts of its configs that words and photos share."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.errors import ConfigError, WeightsError
from spotter.hub.resolution import weights_file
from spotter.runtime.header import read_header
from spotter.training.fine_tuning import fine_tuning_config

# NumPy's and torch's generators both take it.
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class TuningSettings:
    """How a network is fine-tuned; ``None`` leaves a value to the data.

    Attributes:
        out: Folder for everything that is written.
        start: Name of shipped weights or a ``.safetensors`` file.
        hold_back: Share of the labels that is held back.
        iterations: Most iterations.
        minutes: Most minutes of training.
        lr: Highest learning rate.
        batch_size: Samples per iteration.
        threads: Of the processor; ``None``: all cores of this process.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: Of everything random, from 0.

    Raises:
        ConfigError: A value outside its range.
    """

    out: Path
    start: str
    hold_back: float = 0.2
    iterations: int | None = None
    minutes: float | None = None
    lr: float | None = None
    batch_size: int | None = None
    threads: int | None = None
    device: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("lr", "minutes"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ConfigError(f"{name} must be a number above 0, not {value:g}")
        if not 0 <= self.seed <= _LARGEST_SEED:
            raise ConfigError(f"seed must be from 0 to {_LARGEST_SEED}, not {self.seed}")


def open_start(name: str | Path, task: str) -> tuple[Path, dict[str, Any]]:
    """The weights to start from, and their header.

    Args:
        name: Name of shipped weights or a ``.safetensors`` file.
        task: ``"recognition"`` or ``"detection"``.

    Raises:
        WeightsError: There is no such file.
        ConfigError: It is a network for something else.
    """
    try:
        file = weights_file(name, "torch")
    except WeightsError as error:
        if Path(name).suffix:
            raise
        hint = "weights to fine-tune are in a checkout and in the source distribution"
        raise WeightsError(f"{error}; {hint}, not in the wheel") from None
    header = read_header(file)
    if header["task"] != task:
        raise ConfigError(f"{file}: is for {header['task']}, not for {task}")
    return file, header


def core_count() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def use_threads(threads: int | None) -> None:
    """Set the threads of torch; ``None``: ``OMP_NUM_THREADS``, or all cores."""
    import torch

    if threads is not None or "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads or core_count())


def own_config(
    settings: TuningSettings,
    start: Path,
    iterations: int,
    lr: float,
    metric: str,
    patience: int,
    validations: int,
) -> dict[str, Any]:
    """The config of a fine-tuning without its task, model and data.

    Args:
        settings: What the user wants.
        start: Weights to start from.
        iterations: Length of the training.
        lr: Highest learning rate.
        metric: Score that chooses the best weights, and ends the training when it rises no more.
        patience: Validations without a better score after which the training ends.
        validations: How many there are.
    """
    hooks: list[dict[str, Any]] = [
        {"type": "EMAHook", "decay": 0.99, "warm_up": 20.0},
        {"type": "FirstValidationHook"},
        {"type": "EarlyStopHook", "metric": metric, "patience": patience, "enough": 1.0},
    ]
    schedule: list[dict[str, Any]] | None = [
        {"type": "LinearLR", "start_factor": 0.01, "end": 0.05},
        {"type": "CosineAnnealingLR", "begin": 0.05, "eta_min": lr / 50},
    ]
    if settings.minutes is not None:
        schedule = None
        timed = {"minutes": settings.minutes, "whole_run": True}
        hooks += [{"type": "TimeLimitHook", **timed}, {"type": "TimedScheduleHook", **timed}]
    checkpoint = {"minutes": 10, "keep": 1, "save_best": metric}
    return {
        **fine_tuning_config(
            start, settings.out / "training", settings.device, settings.seed, lr, "auto"
        ),
        "experiment_name": "own",
        "train_cfg": {
            "type": "ResumableTrainLoop",
            "max_iters": iterations,
            "val_interval": max(10, iterations // validations),
        },
        "val_cfg": {"type": "ValLoop"},
        "param_scheduler": schedule,
        "default_hooks": {
            "logger": {"type": "ProgressHook", "interval": 50, "seconds": 20},
            "checkpoint": {"type": "TimedCheckpointHook", "interval": None, **checkpoint},
        },
        "custom_hooks": hooks,
    }


def loader(
    dataset: dict[str, Any], batch_size: int, sampler: dict[str, Any], **extra: Any
) -> dict[str, Any]:
    """The config of a data loader; two processes load where the processor has cores for them."""
    workers = 0 if core_count() < 4 else 2
    return {
        "dataset": dataset,
        "batch_size": batch_size,
        "sampler": sampler,
        "num_workers": workers,
        "persistent_workers": bool(workers),
        "collate_fn": {"type": "pseudo_collate"},
        **extra,
    }


def validation_loader(dataset: dict[str, Any]) -> dict[str, Any]:
    """The config of the loader of what is held back: one sample after the other."""
    return loader(dataset, 1, {"type": "DefaultSampler", "shuffle": False})
