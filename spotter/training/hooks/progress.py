"""The progress of a run: one line with losses, throughput and time left."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.hooks import Hook, RuntimeInfoHook
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from torch import Tensor

from spotter.errors import ConfigError, SpotterError
from spotter.registry import HOOKS
from spotter.training.hooks.stop import TimeLimitHook


@HOOKS.register_module()
class RunInfoHook(RuntimeInfoHook):
    """mmengine's hook without the history of every scalar, which is copied at each iteration."""

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Store the iteration in the message hub, for code without access to the runner."""
        runner.message_hub.update_info("iter", runner.iter)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Record nothing: :class:`ProgressHook` averages the losses."""


@HOOKS.register_module()
class ProgressHook(Hook):
    """Averages losses over windows, writes them to the visualizer, and shows a line of progress.

    On a terminal the line is a bar that redraws in place; elsewhere (a file, a job's log) a plain
    line is logged from time to time. The log file gets the plain lines in both cases.

    Args:
        interval: Iterations per window: what TensorBoard gets.
        seconds: Between two plain lines.

    Raises:
        ConfigError: A value that is not positive.
        SpotterError: (from training) The loss is no longer finite.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, interval: int = 50, seconds: float = 20.0) -> None:
        if interval < 1 or seconds < 0:
            raise ConfigError("ProgressHook: interval must be positive, seconds not negative")
        self.interval = interval
        self.seconds = seconds
        self.display: Display | None = None
        self.window = Window()
        self.line = ""

    def before_run(self, runner: Any) -> None:
        """Name the file of scalars as mmengine does."""
        self.scalars_file = f"{runner.timestamp}.json"

    def before_train(self, runner: Any) -> None:
        """Start the clocks; open the bar."""
        self.window = Window()
        self.started = self.printed = time.monotonic()
        self.first_iter = runner.iter
        if runner.rank == 0 and sys.stdout.isatty():
            self.display = Display(runner.logger, runner.max_iters, runner.iter)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """The data are here: what came before was waiting for them."""
        self.window.data_arrived()

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Add the iteration to the window; report when the window is full."""
        self.window.add(outputs or {}, batch_size(data_batch))
        now = time.monotonic()
        ends = runner.iter + 1 == runner.max_iters
        due = now - self.printed >= self.seconds
        if self.window.iterations >= self.interval or ends or due:
            self._close_window(runner)
            if due or ends or self.printed == self.started:
                runner.logger.info(self.line, extra={"file_only": self.display is not None})
                self.printed = now
        if self.display is not None:
            self.display.update(runner.iter + 1, self.line)

    def after_train(self, runner: Any) -> None:
        """Close the bar."""
        if self.display is not None:
            self.display.close()
            self.display = None

    def before_val(self, runner: Any) -> None:
        """Validation is no training time."""
        self.validation_started = time.monotonic()

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Show how far the validation is."""
        if self.display is not None:
            total = len(runner.val_dataloader)
            self.display.update(runner.iter, f"validating {batch_idx + 1}/{total}")

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Log the scores."""
        self._report_scores(runner, "val", metrics or {})

    def after_val(self, runner: Any) -> None:
        """Take the validation out of the window's time."""
        self.window.pause(time.monotonic() - self.validation_started)

    def after_test_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Log the scores."""
        self._report_scores(runner, "test", metrics or {})

    def after_run(self, runner: Any) -> None:
        """Flush TensorBoard."""
        runner.visualizer.close()

    def _report_scores(self, runner: Any, stage: str, metrics: Mapping[str, Any]) -> None:
        scalars = {k: float(v) for k, v in metrics.items() if isinstance(v, int | float)}
        shown = "  ".join(f"{name} {value:.4f}" for name, value in scalars.items())
        runner.logger.info(f"{stage} at iteration {runner.iter}: {shown}")
        runner.visualizer.add_scalars(
            {f"{stage}/{name}": value for name, value in scalars.items()},
            step=runner.iter,
            file_path=self.scalars_file,
        )

    def _close_window(self, runner: Any) -> None:
        scalars = self.window.averages()
        scalars["samples_per_second"] *= runner.world_size
        scalars["lr"] = runner.optim_wrapper.get_lr()["lr"][0]
        grad_norm = getattr(runner.optim_wrapper, "grad_norm", None)
        if grad_norm is not None:
            scalars["grad_norm"] = float(grad_norm)
        done = runner.iter + 1
        self.line = format_line(done, runner.max_iters, scalars, self._seconds_left(runner))
        runner.visualizer.add_scalars(
            {f"train/{name}": value for name, value in scalars.items()},
            step=done,
            file_path=self.scalars_file,
        )
        self.window = Window()
        if not math.isfinite(scalars.get("loss", 0.0)):
            self.after_train(runner)
            raise SpotterError(
                f"the loss is {scalars['loss']} at iteration {done}; lower the learning rate or"
                f" clip gradients, then resume from the last checkpoint in {runner.work_dir}"
            )

    def _seconds_left(self, runner: Any) -> float:
        done = runner.iter + 1
        rate = (time.monotonic() - self.started) / max(done - self.first_iter, 1)
        left = rate * (runner.max_iters - done)
        limits = [h.seconds_left() for h in runner.hooks if isinstance(h, TimeLimitHook)]
        return max(min([left, *limits]), 0.0)


class Window:
    """Sums over some iterations; the losses stay on the device until asked for."""

    def __init__(self) -> None:
        self.iterations = 0
        self.samples = 0
        self.sums: dict[str, Any] = {}
        self.started = self.last_end = time.monotonic()
        self.data_seconds = 0.0

    def data_arrived(self) -> None:
        """The next batch is there."""
        self.data_seconds += time.monotonic() - self.last_end

    def add(self, outputs: Mapping[str, Any], samples: int) -> None:
        """One finished iteration."""
        for name, value in outputs.items():
            if isinstance(value, Tensor):
                value = value.detach().float()
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.iterations += 1
        self.samples += samples
        self.last_end = time.monotonic()

    def pause(self, seconds: float) -> None:
        """Time that does not count, since the last iteration."""
        self.started += seconds
        self.last_end += seconds

    def averages(self) -> dict[str, float]:
        """Mean of each output, iterations and samples per second, share of time spent on data."""
        averages = {name: float(value) / self.iterations for name, value in self.sums.items()}
        seconds = max(time.monotonic() - self.started, 1e-9)
        averages["iterations_per_second"] = self.iterations / seconds
        averages["samples_per_second"] = self.samples / seconds
        averages["data_share"] = self.data_seconds / seconds
        return averages


class Display:
    """A bar that redraws in place, with the log's lines printed above it."""

    def __init__(self, logger: Any, total: int, completed: int) -> None:
        self.progress = Progress(
            TextColumn("training"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[line]}"),
            console=Console(),
            redirect_stdout=True,
            refresh_per_second=2,
        )
        self.task = self.progress.add_task("", total=total, completed=completed, line="")
        self.progress.start()
        # rich has replaced sys.stdout by a proxy that prints above the bar, but the log's handler
        # still holds the stream that it was made with.
        self.handlers = [h for h in logger.handlers if getattr(h, "stream", None) is sys.__stdout__]
        for handler in self.handlers:
            handler.setStream(sys.stdout)

    def update(self, completed: int, line: str) -> None:
        """Redraw."""
        line = line.partition("  ")[2] if line.startswith("iter ") else line
        self.progress.update(self.task, completed=completed, line=line)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self.progress.stop()
        for handler in self.handlers:
            handler.setStream(sys.__stdout__)


def format_line(done: int, total: int, scalars: Mapping[str, float], seconds_left: float) -> str:
    """One line: where the run is, how fast, what the losses are, and when it ends."""
    parts = [
        f"iter {done}/{total}",
        f"{scalars['iterations_per_second']:.2f} it/s",
        f"{scalars['samples_per_second']:.1f} samples/s",
        f"data {scalars['data_share']:.0%}",
        f"lr {scalars['lr']:.2e}",
    ]
    shown = {"iterations_per_second", "samples_per_second", "data_share", "lr"}
    parts += [f"{name} {value:.4g}" for name, value in scalars.items() if name not in shown]
    if torch.cuda.is_available():
        parts.append(f"memory {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")
    parts.append(f"left {format_duration(seconds_left)}")
    return "  ".join(parts)


def format_duration(seconds: float) -> str:
    """``h:mm:ss``; with days when there are any."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    clock = f"{hour}:{minute:02d}:{second:02d}"
    return f"{days} d {clock}" if days else clock


def batch_size(data_batch: Any) -> int:
    """Samples in a collated batch; over all branches and sources of a nested one."""
    if isinstance(data_batch, Tensor):
        return len(data_batch)
    if isinstance(data_batch, Mapping):
        if "inputs" in data_batch:
            return batch_size(data_batch["inputs"])
        return sum(batch_size(value) for value in data_batch.values())
    if isinstance(data_batch, Sequence) and not isinstance(data_batch, str):
        # None: an item of another source, which lacks this branch.
        return sum(item is not None for item in data_batch)
    return 0
