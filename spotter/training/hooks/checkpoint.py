"""When to save: every so many iterations, every so many minutes, at the end, and at the best."""

from __future__ import annotations

import operator
import time
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook

from spotter.errors import ConfigError, WeightsError
from spotter.registry import HOOKS
from spotter.training.checkpoint import numbered_checkpoints
from spotter.training.distributed import agree, unwrapped
from spotter.training.header import header_from_config
from spotter.training.hooks.ema import deployable_state
from spotter.training.weights import save_weights

_RULES = {"greater": operator.gt, "less": operator.lt}
_AGREE_EVERY = 10
_TRAINING_ONLY = ("auxiliary",)
"""Names of submodules, and keys of their configs, that take no part in prediction."""


@HOOKS.register_module()
class TimedCheckpointHook(Hook):
    """Saves ``iter_N.pth`` to resume from, and ``best.safetensors`` to use.

    Args:
        interval: Iterations between two checkpoints; ``None``: only by time.
        minutes: Minutes between two checkpoints; ``None``: only by iterations.
        keep: How many checkpoints to keep, the newest; ``None``: all.
        save_best: Metric whose best value so far saves the weights; ``None``: no best file.
        rule: ``"greater"`` or ``"less"``: which value of the metric is better.
        save_last: Write ``last.safetensors`` when the run ends, for methods without labels, which
            have no best weights.

    Raises:
        ConfigError: A value outside its range.
    """

    priority = "VERY_LOW"

    def __init__(
        self,
        interval: int | None = None,
        minutes: float | None = 10.0,
        keep: int | None = 2,
        save_best: str | None = None,
        rule: str = "greater",
        save_last: bool = False,
    ) -> None:
        for name, value in (("interval", interval), ("minutes", minutes), ("keep", keep)):
            if value is not None and not value > 0:
                raise ConfigError(f"TimedCheckpointHook: {name} must be positive, got {value}")
        if rule not in _RULES:
            raise ConfigError(f"TimedCheckpointHook: rule {rule!r} is none of greater, less")
        self.interval = interval
        self.minutes = minutes
        self.keep = keep
        self.save_best = save_best
        self.is_better = _RULES[rule]
        self.save_last = save_last
        self.last_time = 0.0
        self.last_iter = -1

    def before_train(self, runner: Any) -> None:
        """Start the clock."""
        self.last_time = time.monotonic()

    def after_iteration(self, runner: Any) -> None:
        """Save if it is time, or if this was the last iteration."""
        loop = runner.train_loop
        last = loop.stop_training or runner.iter >= loop.max_iters
        by_count = self.interval is not None and runner.iter % self.interval == 0
        if last or by_count or self._is_time(runner):
            self.save(runner)
        if last and self.save_last and runner.rank == 0:
            save_deployable(runner, Path(runner.work_dir) / "last.safetensors")

    def save(self, runner: Any) -> None:
        """Write a checkpoint of this moment, and remove the oldest."""
        if self.last_iter == runner.iter:
            return
        runner.save_checkpoint(runner.work_dir, f"iter_{runner.iter}.pth")
        self.last_iter = runner.iter
        self.last_time = time.monotonic()
        if runner.rank == 0 and self.keep is not None:
            for path in numbered_checkpoints(runner.work_dir)[: -self.keep]:
                path.unlink(missing_ok=True)
        runner.logger.info(f"saved iter_{runner.iter}.pth")

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Keep the weights if they are the best so far."""
        # Validation outside of a training run has nothing to keep.
        if self.save_best is None or isinstance(runner._train_loop, dict | None):
            return
        if self.save_best not in (metrics or {}):
            known = ", ".join(metrics or {})
            raise ConfigError(f"save_best: no metric {self.save_best!r}; there are {known}")
        score = float((metrics or {})[self.save_best])
        best = runner.message_hub.runtime_info.get("best_score")
        if best is None or self.is_better(score, best):
            runner.message_hub.update_info("best_score", score)
            runner.message_hub.update_info("best_iter", runner.iter)
            if runner.rank == 0:
                save_deployable(runner, Path(runner.work_dir) / "best.safetensors")
            runner.logger.info(f"best {self.save_best} so far: {score:.4f}")

    def _is_time(self, runner: Any) -> bool:
        if self.minutes is None:
            return False
        is_time = time.monotonic() - self.last_time >= 60.0 * self.minutes
        if runner.world_size == 1:
            return is_time
        return runner.iter % _AGREE_EVERY == 0 and agree(is_time, runner.device)


def save_deployable(runner: Any, path: str | Path, **options: Any) -> None:
    """Write the weights to use (averaged if an EMA runs) of a run, with their header.

    Parts that only guide training (``auxiliary``) are left out of file and config. A model that
    only wraps what is used afterwards (a method) names that part in its attribute ``deployable``,
    the name of a submodule that is also the key of its config; where the same weights exist a
    second time (a target network), ``deployed_from`` names the better ones.

    Args:
        runner: The runner.
        path: ``.safetensors`` file.
        **options: ``card`` of the header, ``half`` of the file, ``source``: path of the submodule
            whose weights are written, instead of ``deployed_from``.

    Raises:
        WeightsError: Weights that are not finite.
    """
    model = unwrapped(runner.model)
    state = deployable_state(runner)
    cfg = dict(runner.cfg)
    part = getattr(model, "deployable", None)
    source = options.pop("source", None)
    if part is not None:
        source = source or getattr(model, "deployed_from", part)
        model, cfg["model"] = getattr(model, part), cfg["model"][part]
        state = {k[len(source) + 1 :]: v for k, v in state.items() if k.startswith(f"{source}.")}
    cfg["model"] = {k: v for k, v in cfg["model"].items() if k not in _TRAINING_ONLY}
    dropped = tuple(f"{key}." for key in _TRAINING_ONLY)
    state = {k: v for k, v in state.items() if not k.startswith(dropped)}
    name = Path(runner.cfg.filename or runner.experiment_name).stem
    card = {"iterations": runner.iter, **options.pop("card", {})}
    try:
        save_weights(path, state, header_from_config(cfg, model, name, card), **options)
    except WeightsError as error:
        raise WeightsError(f"{error} (iteration {runner.iter})") from None
