"""A learning rate that reaches its end when a run does, be it by iterations or by time."""

from __future__ import annotations

import math
import time
from typing import Any

from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training.hooks.stop import minutes_before


@HOOKS.register_module()
class TimedScheduleHook(Hook):
    """Linear warm-up, then a cosine, over the minutes or the iterations, whichever end first.

    For runs with a :class:`spotter.training.hooks.TimeLimitHook`: a schedule by iterations would be
    cut off at a high rate.

    Args:
        minutes: Of training, as for the time limit.
        warmup: Share of the run.
        final: Learning rate at the end, as a factor of the optimizer's own.
        whole_run: Count what a resumed run has trained before, too, as for the time limit.

    Raises:
        ConfigError: A value outside its range.
    """

    def __init__(
        self,
        minutes: float,
        warmup: float = 0.05,
        final: float = 0.02,
        whole_run: bool = False,
    ) -> None:
        if not minutes > 0:
            raise ConfigError(f"TimedScheduleHook: minutes must be positive, got {minutes}")
        if not 0 <= warmup < 1 or not 0 <= final <= 1:
            raise ConfigError("TimedScheduleHook: warmup and final are shares between 0 and 1")
        self.seconds = 60.0 * minutes
        self.warmup = warmup
        self.final = final
        self.whole_run = whole_run

    def before_train(self, runner: Any) -> None:
        """Start the clock; a resumed optimizer has the rates of where it was left."""
        self.begin = time.monotonic() - 60.0 * minutes_before(runner) * self.whole_run
        groups = runner.optim_wrapper.param_groups
        for group in groups:
            group.setdefault("initial_lr", group["lr"])
        self.rates = [group["initial_lr"] for group in groups]

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Set the rates of the coming step."""
        by_time = (time.monotonic() - self.begin) / self.seconds
        factor = self.factor(max(by_time, runner.iter / runner.max_iters))
        for group, rate in zip(runner.optim_wrapper.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor

    def factor(self, share: float) -> float:
        """Factor of the learning rate when ``share`` of the run has passed."""
        share = min(share, 1.0)
        if share < self.warmup:
            return max(share / self.warmup, 0.01)
        cosine = 0.5 * (1 + math.cos(math.pi * (share - self.warmup) / (1 - self.warmup)))
        return self.final + (1 - self.final) * cosine
