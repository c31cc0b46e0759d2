"""Run by torchrun in the tests: toy trainings whose losses and weights go to files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch

from spotter.training import SpotterRunner
from spotter.training.distributed import stop
from tests.unit.training.toy import recorded_losses, toy_config


def train(
    work_dir: Path,
    launcher: str,
    batch_size: int,
    max_iters: int,
    norm: bool = False,
    resume: bool = False,
) -> None:
    """Train without noise and dropout; without norms the joined batch is all that matters."""
    plain = {"type": "ToyRegressor", "dropout": 0.0, "norm": norm}
    cfg = toy_config(work_dir, max_iters=max_iters, model=plain, launcher=launcher, resume=resume)
    cfg.train_dataloader.dataset.noise = 0.0
    cfg.val_dataloader.dataset.noise = 0.0
    cfg.train_dataloader.batch_size = batch_size
    cfg.param_scheduler = None
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    model = getattr(runner.model, "module", runner.model)
    result = {
        "losses": recorded_losses(runner),
        "weights": {k: v.double().flatten().tolist() for k, v in model.state_dict().items()},
        "world_size": runner.world_size,
        "draw": float(torch.rand(())),
    }
    (work_dir / f"rank{runner.rank}.json").write_text(json.dumps(result))


def main(folder: Path) -> None:
    """All runs in one start of the processes, which takes longer than they do."""
    train(folder / "joined", "pytorch", 4, 5)
    train(folder / "whole", "pytorch", 3, 5, norm=True)
    train(folder / "parts", "pytorch", 3, 3, norm=True)
    train(folder / "parts", "pytorch", 3, 5, norm=True, resume=True)
    stop()
    threads = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    (folder / f"threads{os.environ['RANK']}.json").write_text(json.dumps(threads))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
