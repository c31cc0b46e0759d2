"""What the configs have in common that go on from trained weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def fine_tuning_config(
    start: Path, work_dir: Path, device: str, seed: int, lr: float, dtype: str
) -> dict[str, Any]:
    """A config without its task, model, data, length and hooks.

    Args:
        start: Weights to start from.
        work_dir: Folder of the run.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        seed: Of everything random.
        lr: Highest learning rate.
        dtype: What the network computes in, see
            :class:`spotter.training.optim_wrapper.AutocastOptimWrapper`.
    """
    return {
        "default_scope": "spotter",
        "device": device,
        "channels_last": True,
        "randomness": {"seed": seed},
        "env_cfg": {"mp_cfg": {"mp_start_method": "fork", "opencv_num_threads": 0}},
        "work_dir": str(work_dir),
        "load_from": str(start),
        "optim_wrapper": {
            "type": "AutocastOptimWrapper",
            "dtype": dtype,
            "constructor": "GroupedOptimWrapperConstructor",
            "optimizer": {"type": "AdamW", "lr": lr, "weight_decay": 0.03},
            "clip_grad": {"max_norm": 5.0},
        },
        "visualizer": {"type": "Visualizer", "vis_backends": [{"type": "LocalVisBackend"}]},
    }


def resizing(header: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the transform that resizes as a network's preprocessing does."""
    return {k: v for k, v in header["preprocessing"].items() if k not in ("mean", "std")}
