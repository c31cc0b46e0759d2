"""Hooks of short trainings: a first validation, an early end, fixed norms."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from spotter.errors import ConfigError
from spotter.training import SpotterRunner
from spotter.training.hooks import EarlyStopHook, FixedNormsHook
from tests.unit.training.toy import toy_config

LOOP = SimpleNamespace(stop_training=False)


def validate(hook: EarlyStopHook, *scores: float) -> list[str]:
    runner = SimpleNamespace(_train_loop=LOOP)
    reasons = []
    for score in scores:
        hook.after_val_epoch(runner, {"x": score})
        reasons.append(hook.reason)
    return reasons


def test_the_run_ends_when_nothing_improves() -> None:
    reasons = validate(EarlyStopHook("x", 2), 0.5, 0.4, 0.6, 0.6, 0.5)
    assert reasons[:4] == [""] * 4
    assert reasons[4] == "x has not improved for 2 validations"
    assert validate(EarlyStopHook("x", 2, "less"), 0.5, 0.4, 0.3) == [""] * 3


def test_perfection_is_enough() -> None:
    assert validate(EarlyStopHook("x", 5, enough=1.0), 0.9, 1.0) == ["", "x is 1.0000"]
    with pytest.raises(ConfigError, match="no metric 'y'; there are x"):
        EarlyStopHook("y").after_val_epoch(SimpleNamespace(_train_loop=LOOP), {"x": 1.0})
    with pytest.raises(ConfigError, match="patience"):
        EarlyStopHook("x", 0)


def test_a_run_that_gets_worse_keeps_its_start(tmp_path: Path) -> None:
    """At a mad learning rate, the best weights are those before the first iteration."""
    cfg = toy_config(tmp_path, max_iters=60)
    cfg.param_scheduler = None
    cfg.optim_wrapper.optimizer.lr = 100.0
    cfg.train_cfg.val_interval = 2
    cfg.custom_hooks = [
        {"type": "FirstValidationHook"},
        {"type": "EarlyStopHook", "metric": "error", "patience": 3, "rule": "less"},
    ]
    cfg.default_hooks = {
        "checkpoint": {"type": "TimedCheckpointHook", "save_best": "error", "rule": "less"}
    }
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    assert runner.iter == 6
    assert runner.message_hub.runtime_info["best_iter"] == 0
    assert (tmp_path / "best.safetensors").is_file()


def test_norms_keep_their_statistics() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout()).train()
    FixedNormsHook().before_train_iter(SimpleNamespace(model=model), 0)
    assert [part.training for part in model] == [True, False, True]
    before = model[1].running_mean.clone()
    model(torch.randn(4, 1, 3, 3) + 5)
    assert torch.equal(model[1].running_mean, before)
