"""Schedules that follow the length of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.optim import _ParamScheduler

from spotter.errors import ConfigError

# Arguments that count iterations, besides ``begin`` and ``end``.
_SPANS = {"CosineAnnealingLR": "T_max", "OneCycleLR": "total_steps"}


def fit_to_run(scheduler: Any, max_iters: int) -> Any:
    """Schedules in iterations, from schedules in shares of the run.

    A config that is overridden with another ``train_cfg.max_iters`` keeps the shape of its
    schedule. ``begin`` and ``end`` may be shares: floats in [0, 1]; a missing ``end`` is the end of
    the run, and ``T_max`` or ``total_steps`` the distance between the two. Whole numbers are
    iterations and stay. Of several schedules, one whose share of a short run is less than half an
    iteration is left out.

    Args:
        scheduler: Config, list of configs, or built schedulers, which are returned as they are.
        max_iters: Length of the run.

    Raises:
        ConfigError: A share outside [0, 1], or a span without iterations.
    """
    if scheduler is None or isinstance(scheduler, _ParamScheduler):
        return scheduler
    if not isinstance(scheduler, Mapping):
        kept = [item for item in scheduler if not _vanishes(item, max_iters)]
        return [fit_to_run(item, max_iters) for item in kept or scheduler]
    cfg = dict(scheduler)
    if cfg.get("by_epoch", False):
        raise ConfigError(f"{cfg['type']}: schedules count iterations; set by_epoch=False")
    cfg["by_epoch"] = False
    cfg["begin"] = _iterations(cfg.get("begin", 0), max_iters)
    cfg["end"] = _iterations(cfg.get("end", 1.0), max_iters)
    if cfg["end"] <= cfg["begin"]:
        raise ConfigError(
            f"{cfg['type']}: ends at iteration {cfg['end']}, before its begin {cfg['begin']}"
        )
    span = _SPANS.get(cfg["type"])
    if span is not None:
        cfg.setdefault(span, cfg["end"] - cfg["begin"])
    return cfg


def _vanishes(scheduler: Any, max_iters: int) -> bool:
    """Whether a schedule over a share of the run has no iteration in so short a run."""
    if not isinstance(scheduler, Mapping):
        return False
    begin, end = scheduler.get("begin", 0.0), scheduler.get("end", 1.0)
    shares = isinstance(end, float) and (isinstance(begin, float) or begin == 0)
    if not shares or begin >= end:
        return False
    return _iterations(begin, max_iters) == _iterations(end, max_iters)


def _iterations(value: float, max_iters: int) -> int:
    if not isinstance(value, float):
        return int(value)
    if not 0.0 <= value <= 1.0:
        raise ConfigError(f"a schedule's share of the run must be in [0, 1], got {value}")
    return round(value * max_iters)
