"""A tiny model, data set and run for tests of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.utils.data import Dataset

from spotter.registry import DATASETS, HOOKS, METRICS, MODELS


@MODELS.register_module()
class ToyRegressor(BaseModel):
    """Convolution, batch norm, dropout, linear: everything whose state a resume must restore."""

    def __init__(
        self,
        channels: int = 4,
        dropout: float = 0.2,
        norm: bool = True,
        pretrained: str | None = None,
    ) -> None:
        super().__init__()
        if pretrained is not None:
            raise AssertionError("pretrained must never be read from a header")
        self.conv = nn.Conv2d(1, channels, 3, padding=1)
        self.norm = nn.BatchNorm2d(channels) if norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(channels, 1)

    def forward(
        self, inputs: Sequence[Tensor], data_samples: Any = None, mode: str = "tensor"
    ) -> Any:
        images = torch.stack(list(inputs))
        features = self.norm(self.conv(images)).relu().mean((2, 3))
        output = self.head(self.dropout(features))[:, 0]
        if mode == "tensor":
            return output
        targets = torch.stack(list(data_samples))
        if mode == "loss":
            return {"loss_square": ((output - targets) ** 2).float().mean()}
        return [{"error": float(e)} for e in (output - targets).abs()]


@DATASETS.register_module()
class ToyDataset(Dataset):
    """Images whose label is their mean; noise is drawn from numpy's and torch's generators."""

    def __init__(self, length: int = 24, noise: float = 1.0) -> None:
        self.length = length
        self.noise = noise

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        image = torch.from_numpy(np.random.RandomState(index).randn(1, 6, 6).astype(np.float32))
        label = image.mean() * 5
        image = image + self.noise * torch.from_numpy(
            np.random.randn(1, 6, 6).astype(np.float32)  # noqa: NPY002
        )
        return {"inputs": image + self.noise * torch.randn(1, 6, 6), "data_samples": label}


@METRICS.register_module()
class ToyError(BaseMetric):
    """Mean absolute error; draws a random number to disturb whoever relies on the generator."""

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        torch.rand(3)
        np.random.rand(3)  # noqa: NPY002
        self.results.extend(sample["error"] for sample in data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        return {"error": float(np.mean(results))}


@HOOKS.register_module()
class LossRecorder(Hook):
    """Remembers the loss of each iteration."""

    def __init__(self) -> None:
        self.losses: dict[int, float] = {}

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        self.losses[runner.iter] = float(outputs["loss"])


def toy_config(work_dir: Path, max_iters: int = 12, **changes: Any) -> Config:
    """A run over the toy model; ``changes`` replace top-level keys."""
    loader = {
        "dataset": {"type": "ToyDataset"},
        "batch_size": 4,
        "num_workers": 0,
        "collate_fn": {"type": "pseudo_collate"},
    }
    cfg = {
        "model": {"type": "ToyRegressor"},
        "task": "detection",
        "work_dir": str(work_dir),
        "device": "cpu",
        "train_dataloader": {**loader, "sampler": {"type": "DefaultSampler", "shuffle": True}},
        "val_dataloader": {**loader, "sampler": {"type": "DefaultSampler", "shuffle": False}},
        "val_evaluator": {"type": "ToyError"},
        "val_cfg": {},
        "train_cfg": {"type": "ResumableTrainLoop", "max_iters": max_iters, "val_interval": 5},
        "optim_wrapper": {
            "type": "AutocastOptimWrapper",
            "constructor": "GroupedOptimWrapperConstructor",
            "dtype": "float32",
            "optimizer": {"type": "AdamW", "lr": 0.01, "weight_decay": 0.1},
            "clip_grad": {"max_norm": 1.0},
        },
        "param_scheduler": [
            {"type": "LinearLR", "start_factor": 0.1, "by_epoch": False, "begin": 0, "end": 4},
            {
                "type": "CosineAnnealingLR",
                "by_epoch": False,
                "begin": 4,
                "end": 12,
                "T_max": 8,
                "eta_min": 1e-4,
            },
        ],
        "custom_hooks": [{"type": "EMAHook", "decay": 0.9}, {"type": "LossRecorder"}],
        "randomness": {"seed": 3},
        **changes,
    }
    return Config(cfg)


def recorded_losses(runner: Any) -> dict[int, float]:
    """Losses by iteration of a finished run."""
    return next(h for h in runner.hooks if isinstance(h, LossRecorder)).losses
