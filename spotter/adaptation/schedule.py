"""Training for a given number of minutes: learning rate, end, and line of progress."""

from __future__ import annotations

import math
import time
from typing import Any

from spotter.registry import HOOKS
from spotter.training.hooks.progress import ProgressHook, Window
from spotter.training.hooks.stop import TimeLimitHook

_WARM_UP = 0.05
_FINAL = 0.02


@HOOKS.register_module()
class AdaptationScheduleHook(TimeLimitHook):
    """Linear warm-up, then a cosine, over the minutes of a training; an interrupted one goes on.

    How many iterations fit into the time depends on the machine, so the place in the schedule is
    the share of the time that has passed.

    Args:
        minutes: Of the whole training, the parts before an interruption included.

    Raises:
        ConfigError: Not a positive time.
    """

    priority = "ABOVE_NORMAL"

    def __init__(self, minutes: float) -> None:
        super().__init__(minutes, whole_run=True)
        self.rates: list[float] = []

    def before_train(self, runner: Any) -> None:
        """Start the clock where an interrupted run stopped it."""
        super().before_train(runner)
        rate = runner.cfg.optim_wrapper.optimizer.lr
        groups = runner.optim_wrapper.param_groups
        # Resumed groups have the rates of the last iteration; their multipliers stay.
        for group in groups:
            group.setdefault("initial_lr", group["lr"])
        scale = rate / max(group["initial_lr"] for group in groups)
        self.rates = [group["initial_lr"] * scale for group in groups]

    def share(self) -> float:
        """Share of the time that has passed, in [0, 1]."""
        return min(max(1.0 - self.seconds_left() / (60.0 * self.minutes), 0.0), 1.0)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Set the rates of the coming step."""
        factor = rate_at(self.share())
        for group, rate in zip(runner.optim_wrapper.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor


@HOOKS.register_module()
class AdaptationProgressHook(ProgressHook):
    """A line of progress with the share of the time that has passed, instead of iterations."""

    def before_train(self, runner: Any) -> None:
        """Start the clocks."""
        self.window = Window()
        self.started = self.printed = time.monotonic()
        self.first_iter = runner.iter

    def _close_window(self, runner: Any) -> None:
        super()._close_window(runner)
        self.line = self.line.replace(f"/{runner.max_iters}", "", 1)


def rate_at(share: float) -> float:
    """Factor of the largest learning rate when a share of the time, in [0, 1], has passed."""
    if share < _WARM_UP:
        return max(share / _WARM_UP, 0.01)
    cosine = 0.5 * (1.0 + math.cos(math.pi * (share - _WARM_UP) / (1.0 - _WARM_UP)))
    return _FINAL + (1.0 - _FINAL) * cosine


def is_complete(runner: Any) -> bool:
    """Whether a run has had all its time."""
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, AdaptationScheduleHook))
    return hook.seconds_left() <= 0
