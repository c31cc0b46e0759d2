"""Schedules in shares of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training import SpotterRunner
from spotter.training.launch import load_config
from spotter.training.schedules import fit_to_run
from tests.unit.training.toy import toy_config


@HOOKS.register_module()
class RateRecorder(Hook):
    """Remembers the learning rate of each iteration."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        self.rates.append(runner.optim_wrapper.get_lr()["lr"][0])


SHIPPED = sorted((Path(__file__).parents[3] / "configs" / "_base_" / "schedules").glob("*.py"))


def rates_of(work_dir: Path, schedule: list, length: int) -> list[float]:
    """The learning rate of each iteration of a run, whose own is 0.01."""
    hooks = [{"type": "RateRecorder"}]
    cfg = toy_config(work_dir, max_iters=length, param_scheduler=schedule, custom_hooks=hooks)
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    return next(h for h in runner.hooks if isinstance(h, RateRecorder)).rates


def test_shares_become_iterations() -> None:
    warm_up, cosine, cycle = fit_to_run(
        [
            {"type": "LinearLR", "end": 0.05},
            {"type": "CosineAnnealingLR", "begin": 0.05},
            {"type": "OneCycleLR", "begin": 10, "end": 50},
        ],
        200,
    )
    assert (warm_up["begin"], warm_up["end"], warm_up["by_epoch"]) == (0, 10, False)
    assert (cosine["begin"], cosine["end"], cosine["T_max"]) == (10, 200, 190)
    assert cycle["total_steps"] == 40
    assert fit_to_run(None, 5) is None


@pytest.mark.parametrize("length", [1, 13])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_schedules_of_very_short_runs(tmp_path: Path, path: Path, length: int) -> None:
    shipped = load_config(path)
    rates = rates_of(tmp_path, shipped.param_scheduler, length)
    assert len(rates) == length
    assert all(0 <= rate <= 1.01 for rate in rates)
    assert max(rates) > 0


def test_a_warm_up_without_iterations_is_left_out() -> None:
    shares = [{"type": "LinearLR", "end": 0.02}, {"type": "CosineAnnealingLR", "begin": 0.02}]
    (cosine,) = fit_to_run(shares, 20)
    assert (cosine["type"], cosine["begin"], cosine["T_max"]) == ("CosineAnnealingLR", 0, 20)
    warm_up, cosine = fit_to_run(shares, 30)
    assert (warm_up["end"], cosine["begin"]) == (1, 1)
    # What was written down wrongly is still refused.
    with pytest.raises(ConfigError, match="before its begin"):
        fit_to_run([{"type": "LinearLR", "begin": 0.5, "end": 0.2}], 20)


@pytest.mark.parametrize(
    ("cfg", "message"),
    [
        ({"type": "LinearLR", "end": 1.5}, "must be in"),
        ({"type": "LinearLR", "begin": 10, "end": 0.05}, "before its begin"),
        ({"type": "LinearLR", "by_epoch": True}, "by_epoch=False"),
    ],
)
def test_schedules_that_cannot_be_are_refused(cfg: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit_to_run(cfg, 100)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ([{"type": "PolyLR", "power": 1.0, "eta_min": 0.0}], [1, 2 / 3, 1 / 3, 0]),
        (
            [
                {"type": "LinearLR", "start_factor": 0.5, "end": 0.5},
                {"type": "CosineAnnealingLR", "begin": 0.5, "eta_min": 0.0},
            ],
            [0.5, 1.0, 1.0, 0.5],
        ),
    ],
)
def test_learning_rates_of_a_run(tmp_path: Path, schedule: list, expected: list) -> None:
    rates = rates_of(tmp_path, schedule, len(expected))
    assert [rate / 0.01 for rate in rates] == pytest.approx(expected)
