"""Learning rate as a function of elapsed time, for training that is split into sessions."""

from __future__ import annotations

import math
import time
from typing import Any

from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS

ITERATIONS, MINUTES = "piece_iterations", "piece_minutes"
"""Names in the message hub of the session's length so far, interrupted sessions before it included.
Checkpoints hold these names, so they stay as they were first written."""


@HOOKS.register_module()
class SessionScheduleHook(Hook):
    """One cycle per training session: linear warm-up, then a cosine down to ``final``.

    How many iterations fit into a session depends on the machine, so the position in the cycle is
    the share of the session's time that has passed. Every session ends with converged weights, from
    which the next one restarts (warm restarts: Loshchilov and Hutter, SGDR, ICLR 2017).

    Args:
        minutes: Length of the session.
        peak: Learning rate at the top of the cycle, as a factor of the optimizer's own.
        warmup: Share of the session.
        final: Learning rate at the end, as a factor of the peak.
        logged: Iterations that the log accounts for. What a checkpoint has beyond them comes from
            an interrupted session, and counts in this one.

    Raises:
        ConfigError: A value outside its range.
    """

    priority = "ABOVE_NORMAL"

    def __init__(
        self,
        minutes: float,
        peak: float = 1.0,
        warmup: float = 0.03,
        final: float = 0.01,
        logged: int = 0,
    ) -> None:
        if not minutes > 0 or not peak > 0:
            raise ConfigError("SessionScheduleHook: minutes and peak must be positive")
        if not 0 <= warmup < 1 or not 0 <= final <= 1:
            raise ConfigError("SessionScheduleHook: warmup and final are shares between 0 and 1")
        self.seconds = 60.0 * minutes
        self.peak = peak
        self.warmup = warmup
        self.final = final
        self.logged = logged
        self.begin = 0.0
        self.first = 0
        self.earlier = 0.0
        self.base: list[float] = []

    def before_train(self, runner: Any) -> None:
        """Start the clock; the rates that the optimizer was built with are the base."""
        self.begin = time.monotonic()
        lr = runner.cfg.optim_wrapper.optimizer.lr
        for group in runner.optim_wrapper.param_groups:
            # A resumed optimizer has the last session's rates; multipliers stay in proportion.
            group.setdefault("initial_lr", group["lr"])
        scale = lr / max(g["initial_lr"] for g in runner.optim_wrapper.param_groups)
        self.base = [g["initial_lr"] * scale for g in runner.optim_wrapper.param_groups]
        self.first = runner.iter
        if runner.iter != self.logged:
            self.first -= int(runner.message_hub.get_info(ITERATIONS, 0))
            self.earlier = float(runner.message_hub.get_info(MINUTES, 0.0))

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Set the rates of the coming step."""
        factor = self.factor((time.monotonic() - self.begin) / self.seconds)
        for group, base in zip(runner.optim_wrapper.param_groups, self.base, strict=True):
            group["lr"] = base * factor

    def after_iteration(self, runner: Any) -> None:
        """Note how long the session is, for its report and for its checkpoints."""
        minutes = self.earlier + (time.monotonic() - self.begin) / 60.0
        runner.message_hub.update_info(ITERATIONS, runner.iter - self.first)
        runner.message_hub.update_info(MINUTES, minutes)

    def factor(self, share: float) -> float:
        """Factor of the optimizer's learning rate when ``share`` of the session has passed."""
        share = min(max(share, 0.0), 1.0)
        if share < self.warmup:
            return self.peak * max(share / self.warmup, 0.01)
        cosine = 0.5 * (1 + math.cos(math.pi * (share - self.warmup) / (1 - self.warmup)))
        return self.peak * (self.final + (1 - self.final) * cosine)
