"""One training of a study: run, recorded, and kept so that it is not repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook
from torch import Tensor

from research.studies.rows import write_json
from spotter.training.runner import SpotterRunner


@dataclass
class RunResult:
    """What one training gave.

    Attributes:
        iterations: Done.
        samples: Crops (or pairs of views) that were trained on.
        cpu_seconds: Processor time of the training, without validation.
        metrics: Scores of the last validation.
        curve: ``(cpu_seconds, score)`` at each validation.
        logged: The last value of everything in the log.
    """

    iterations: int = 0
    samples: int = 0
    cpu_seconds: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    curve: list[tuple[float, float]] = field(default_factory=list)
    logged: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)


class Recorder(Hook):
    """Fills a :class:`RunResult` while a run goes on.

    Args:
        metric: Validation score of the curve.
        score: More scores of the runner's model at each validation.
    """

    priority = "LOWEST"

    def __init__(
        self,
        metric: str = "recognition/accuracy",
        score: Callable[[Any], Mapping[str, float]] | None = None,
    ) -> None:
        self.metric = metric
        self.score = score
        self.result = RunResult()
        self._last = time.process_time()

    def before_train(self, runner: Any) -> None:
        """Start the clock."""
        self._last = time.process_time()

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Count the time up to here as training."""
        now = time.process_time()
        self.result.cpu_seconds += now - self._last
        self._last = now
        self.result.iterations = runner.iter + 1
        self.result.logged = {
            name: float(value.detach() if isinstance(value, Tensor) else value)
            for name, value in (outputs or {}).items()
        }

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Keep the scores; the time of the validation does not count."""
        self.result.metrics = {name: float(value) for name, value in (metrics or {}).items()}
        if self.score is not None:
            self.result.metrics.update(self.score(runner))
        if self.metric in self.result.metrics:
            self.result.curve.append((self.result.cpu_seconds, self.result.metrics[self.metric]))

    def after_val(self, runner: Any) -> None:
        """Start the clock again."""
        self._last = time.process_time()


def run(
    cfg: Config, work_dir: Path, recorder: Recorder | None = None
) -> tuple[RunResult, SpotterRunner]:
    """Train a config, or take up its training; its checkpoints are deleted when it ends.

    Args:
        cfg: The run.
        work_dir: Its folder.
        recorder: What records it; by default one of word accuracy.

    Raises:
        KeyboardInterrupt: The run was stopped before its end; its checkpoint stays.
    """
    cfg.work_dir = str(work_dir)
    cfg.resume = True
    recorder = recorder or Recorder()
    runner = SpotterRunner.from_cfg(cfg)
    runner.register_hook(recorder)
    state = work_dir / "recorded.json"
    if state.is_file():
        recorder.result = RunResult(**json.loads(state.read_text()))
    runner.train()
    recorder.result.samples = runner.iter * cfg.train_dataloader.batch_size
    if runner.iter < cfg.train_cfg.max_iters:
        write_json(state, recorder.result.to_dict())
        raise KeyboardInterrupt
    for path in [*work_dir.glob("iter_*.pth"), state]:
        path.unlink(missing_ok=True)
    return recorder.result, runner


def train_once(
    folder: Path,
    config: Callable[[], Config],
    scores: Callable[[Any], Mapping[str, Any]] = lambda _: {},
    recorder: Recorder | None = None,
) -> dict[str, Any]:
    """The result of a training with its scores, from its file or by running it.

    Args:
        folder: Of the training; the result is kept in its ``result.json``.
        config: Makes the config of the run.
        scores: Gives further numbers of the finished runner.
        recorder: See :func:`run`.

    Returns:
        The values of :class:`RunResult` and those of ``scores``.
    """
    path = folder / "result.json"
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))
    result, runner = run(config(), folder, recorder)
    content = {**result.to_dict(), **scores(runner)}
    write_json(path, content)
    return content
