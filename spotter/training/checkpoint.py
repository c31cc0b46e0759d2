"""Checkpoints of a run: tensors and plain values only, so that resuming cannot run code.

mmengine pickles whole objects into its checkpoints, and its resume then fails under
torch >= 2.6, whose reader refuses objects.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import spotter
from spotter.errors import WeightsError
from spotter.training.distributed import gather_objects, unwrapped
from spotter.training.randomness import generator_states
from spotter.training.weights import load_checkpoint_file, written_weights

FORMAT = 1
LAST = "last_checkpoint"
"""File in the work folder that names the newest checkpoint."""

_NUMBERED = re.compile(r"iter_(\d+)\.pth")


def collect_checkpoint(runner: Any) -> dict[str, Any]:
    """Everything that a run needs to go on; call it on all processes.

    Keys: ``state_dict`` (the weights to use; averaged ones when an EMA hook runs, which then adds
    ``training_state_dict``), ``optimizer``, ``param_schedulers``, ``generators`` (one state per
    process), ``info`` (best score and the like), ``meta``.
    """
    model = unwrapped(runner.model)
    checkpoint: dict[str, Any] = {
        "meta": {
            "format": FORMAT,
            "iter": runner.iter,
            "seed": runner.seed,
            "experiment_name": runner.experiment_name,
            "config": runner.cfg.pretty_text,
            "time": time.strftime("%Y-%m-%d %H:%M:%S"),
            "version": spotter.__version__,
        },
        "state_dict": dict(model.state_dict()),
        "optimizer": runner.optim_wrapper.state_dict(),
        "param_schedulers": [s.state_dict() for s in runner.param_schedulers or []],
        "generators": gather_objects(generator_states()),
        "info": _plain_entries(runner.message_hub.runtime_info),
    }
    runner.call_hook("before_save_checkpoint", checkpoint=checkpoint)
    return _plain(checkpoint)


def write_checkpoint(checkpoint: Mapping[str, Any], path: str | Path) -> None:
    """Write a checkpoint whole or not at all, then name it in ``last_checkpoint``."""
    path = Path(path)
    with written_weights(path) as temporary:
        torch.save(checkpoint, temporary)
    with written_weights(path.with_name(LAST)) as temporary:
        temporary.write_text(path.name)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """A checkpoint that :func:`write_checkpoint` wrote, on the CPU; never runs code.

    Raises:
        WeightsError: Missing or unreadable file, code in it, or not a checkpoint of a run.
    """
    checkpoint = load_checkpoint_file(path)
    required = {"meta", "state_dict", "optimizer", "param_schedulers", "generators"}
    if not isinstance(checkpoint, dict) or not required <= checkpoint.keys():
        raise WeightsError(
            f"{path}: not a checkpoint of a run; to start from its weights use load_from"
        )
    return checkpoint


def find_last_checkpoint(work_dir: str | Path) -> Path | None:
    """The newest checkpoint of a work folder; ``None`` when there is none."""
    named = Path(work_dir) / LAST
    if named.is_file():
        path = Path(work_dir) / Path(named.read_text().strip()).name
        if path.is_file():
            return path
    numbered = numbered_checkpoints(work_dir)
    return numbered[-1] if numbered else None


def numbered_checkpoints(work_dir: str | Path) -> list[Path]:
    """The files ``iter_N.pth`` of a work folder, oldest first."""
    found = [(int(m[1]), p) for p in Path(work_dir).glob("*.pth") if (m := _match(p))]
    return [path for _, path in sorted(found)]


def _match(path: Path) -> re.Match[str] | None:
    return _NUMBERED.fullmatch(path.name)


def _plain_entries(info: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that a safe reader accepts; the config and the metainfo are elsewhere."""
    kept = (str, int, float, bool)
    return {k: v for k, v in info.items() if isinstance(v, kept) and k != "cfg"}


def _plain(value: Any) -> Any:
    """Tensors on the CPU and plain containers; functions (of schedulers) are left out."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if not callable(item)}
    if isinstance(value, tuple | list):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, np.generic):
        return value.item()
    return value
