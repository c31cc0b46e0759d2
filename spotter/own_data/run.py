"""The training of a network of one's own; one that was interrupted goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spotter.errors import ConfigError, TrainingInterrupted
from spotter.io.writing import write_file

_STATE = "training.txt"
"""File in the work folder: which training it holds, and whether that is over."""

# Keys of a config that may differ where an interrupted training goes on.
_OF_THE_MACHINE = {"work_dir", "device", "num_workers", "persistent_workers"}
# Keys that name files, which are compared by what they hold.
_FILES = {"annotation_file", "load_from"}


def run_training(config: Mapping[str, Any], say: Callable[[str], object] = print) -> Path:
    """Train, and give the best weights.

    An interrupted training in the same work folder goes on if its config, labels and start are the
    same. With others a new one begins in its place. A training that is over is not repeated before
    :func:`forget_training`.

    Args:
        config: See :func:`spotter.own_data.settings.own_config`.
        say: Gets a line where an interrupted training is given up.

    Raises:
        ConfigError: No validation took place.
        TrainingInterrupted: A signal came; the same config goes on from there.
    """
    from mmengine.config import Config

    from spotter.training.checkpoint import find_last_checkpoint
    from spotter.training.hooks import InterruptHook
    from spotter.training.runner import SpotterRunner

    work_dir = Path(config["work_dir"])
    state, best = work_dir / _STATE, work_dir / "best.safetensors"
    begun, over = (f"{identity(config)} {word}\n" for word in ("begun", "over"))
    found = state.read_text(encoding="utf-8") if state.is_file() else ""
    if found == over and best.is_file():
        return best
    if found != begun:
        if found:
            say(f"{work_dir}: settings or labels have changed, the training begins anew")
        forget_training(work_dir)
        best.unlink(missing_ok=True)
        write_file(state, begun)
    resume = find_last_checkpoint(work_dir) is not None
    runner = SpotterRunner.from_cfg(Config({**config, "resume": resume}))
    runner.train()
    if status := InterruptHook.status_of(runner):
        raise TrainingInterrupted(status)
    if not best.is_file():
        raise ConfigError(f"{work_dir}: the training ended before a validation")
    write_file(state, over)
    return best


def forget_training(work_dir: Path) -> None:
    """Remove what a training in this folder would go on from; its best weights stay."""
    from spotter.training.checkpoint import LAST, numbered_checkpoints

    for path in (work_dir / _STATE, work_dir / LAST, *numbered_checkpoints(work_dir)):
        path.unlink(missing_ok=True)


def identity(config: Mapping[str, Any]) -> str:
    """A digest of a config, and of the labels and the start that it names.

    Where it trains, and with how many loading processes, does not count.

    Args:
        config: Values that JSON can hold, and paths.
    """

    def comparable(part: dict[str, Any]) -> dict[str, Any]:
        kept = {key: value for key, value in part.items() if key not in _OF_THE_MACHINE}
        files = {key: _digest(Path(kept[key]).read_bytes()) for key in _FILES & kept.keys()}
        return {**kept, **files}

    plain = json.loads(json.dumps(config, default=str), object_hook=comparable)
    return _digest(json.dumps(plain, sort_keys=True).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
