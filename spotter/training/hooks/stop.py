"""Stopping a run cleanly: after a time, or on Ctrl-C. The checkpoint hook then saves it."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import Any

from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training.distributed import agree

_MINUTES = "trained_minutes"
_AGREE_EVERY = 10
"""Iterations between two votes of the processes of a distributed run."""


def stop_if(runner: Any, flag: bool, reason: str) -> None:
    """Stop the run after this iteration if ``flag`` is set on any of its processes."""
    if runner.world_size > 1:
        if runner.iter % _AGREE_EVERY:
            return
        flag = agree(flag, runner.device)
    if flag and not runner.train_loop.stop_training:
        runner.train_loop.stop_training = True
        runner.logger.info(f"stopping after iteration {runner.iter}: {reason}")


def minutes_before(runner: Any) -> float:
    """Minutes that a resumed run has trained under a time limit before it was interrupted."""
    return float(runner.message_hub.runtime_info.get(_MINUTES, 0.0))


@HOOKS.register_module()
class TimeLimitHook(Hook):
    """Ends training after so many minutes, between two iterations.

    Args:
        minutes: Of training in this process, or of all of it.
        whole_run: Count what a resumed run has trained before, too.

    Raises:
        ConfigError: Not a positive time.
    """

    priority = "NORMAL"

    def __init__(self, minutes: float, whole_run: bool = False) -> None:
        if not minutes > 0:
            raise ConfigError(f"TimeLimitHook: minutes must be positive, got {minutes}")
        self.minutes = minutes
        self.whole_run = whole_run
        self.deadline = float("inf")
        self.begin = 0.0

    def before_train(self, runner: Any) -> None:
        """Start the clock, or go on where an interrupted run stopped it."""
        before = minutes_before(runner)
        self.begin = time.monotonic() - 60.0 * before
        self.deadline = time.monotonic() + 60.0 * (self.minutes - before * self.whole_run)

    def seconds_left(self) -> float:
        """Seconds until the end; infinite before the start."""
        return self.deadline - time.monotonic()

    def after_iteration(self, runner: Any) -> None:
        """Note the time for a run that goes on, and stop when it is over."""
        runner.message_hub.update_info(_MINUTES, (time.monotonic() - self.begin) / 60.0)
        stop_if(runner, self.seconds_left() <= 0, f"time limit of {self.minutes:g} minutes")


@HOOKS.register_module()
class InterruptHook(Hook):
    """Turns Ctrl-C and SIGTERM into a stop after the iteration; a second Ctrl-C stops at once.

    Attributes:
        received: Name of the signal that came, or ``None``.
    """

    priority = "NORMAL"

    def __init__(self) -> None:
        self.received: str | None = None
        self._previous: dict[int, Any] = {}

    def before_train(self, runner: Any) -> None:
        """Install the signal handlers (only the main thread may)."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._receive)

    def after_train(self, runner: Any) -> None:
        """Put the former handlers back."""
        while self._previous:
            signal.signal(*self._previous.popitem())

    @property
    def exit_status(self) -> int:
        """Exit status after the signal, 128 plus its number; 0 if none came."""
        return 0 if self.received is None else 128 + signal.Signals[self.received].value

    def after_iteration(self, runner: Any) -> None:
        """Stop if a signal came."""
        stop_if(runner, self.received is not None, f"{self.received or 'signal'} received")

    @staticmethod
    def status_of(runner: Any) -> int:
        """The status to exit with after a run, see :attr:`exit_status`."""
        hooks = [hook for hook in runner.hooks if isinstance(hook, InterruptHook)]
        return max((hook.exit_status for hook in hooks), default=0)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = signal.Signals(number).name
