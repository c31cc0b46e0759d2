"""Validation of both models of a run with a teacher: the one that is trained and its average."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training.distributed import unwrapped
from spotter.training.hooks.checkpoint import save_deployable

_TARGET = "target.module"


@HOOKS.register_module()
class TargetValidationHook(Hook):
    """Scores the target model after the online one, keeps the best of each, and names the better.

    The scores of the two get the prefixes ``online/`` and ``target/``; without a prefix stand those
    of the better one, which the checkpoint hook's ``best.safetensors`` is then made of. The best
    weights of each are kept as ``best_online.safetensors`` and ``best_target.safetensors``.

    Args:
        metric: The score that decides; greater is better.
    """

    # Before the hooks that log the scores and that save the best.
    priority = "NORMAL"

    def __init__(self, metric: str = "recognition/accuracy") -> None:
        self.metric = metric

    def before_train(self, runner: Any) -> None:
        """Look for the target model.

        Raises:
            ConfigError: The model has none.
        """
        method = unwrapped(runner.model)
        target = getattr(method, "target", None)
        if not hasattr(getattr(target, "module", None), "val_step"):
            raise ConfigError(
                f"TargetValidationHook: {type(method).__name__} has no target model;"
                " remove the hook, or give the method a momentum"
            )

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Score the target model, and choose."""
        method = unwrapped(runner.model)
        # A test outside of a training run scores the weights that it was given.
        if metrics is None or isinstance(runner._train_loop, dict | None):
            return
        if self.metric not in metrics:
            known = ", ".join(metrics)
            raise ConfigError(f"TargetValidationHook: no metric {self.metric!r}; there are {known}")
        scores = {"online": dict(metrics), "target": self._score(runner, method.target.module)}
        better = max(scores, key=lambda name: scores[name][self.metric])
        method.deployed_from = _TARGET if better == "target" else method.deployable
        metrics.update(scores[better])
        for name, values in scores.items():
            metrics.update({f"{name}/{key}": value for key, value in values.items()})
            source = _TARGET if name == "target" else method.deployable
            self._keep_best(runner, name, source, values)
        online, target = (scores[name][self.metric] for name in ("online", "target"))
        runner.logger.info(
            f"the {better} model is better: {self.metric} online {online:.4f}, target {target:.4f}"
        )

    def after_train(self, runner: Any) -> None:
        """Log which model was the better one in the run."""
        best = {name: self._best(runner, name) for name in ("online", "target")}
        known = {name: score for name, score in best.items() if score is not None}
        if known:
            better = max(known, key=lambda name: known[name])
            shown = ", ".join(f"{name} {score:.4f}" for name, score in known.items())
            runner.logger.info(f"best {self.metric} of the run: {shown}; better: {better}")

    def _score(self, runner: Any, target: Any) -> dict[str, Any]:
        loop = runner.val_loop
        with torch.no_grad():
            for batch in loop.dataloader:
                outputs = target.val_step(batch)
                loop.evaluator.process(data_samples=outputs, data_batch=batch)
        return loop.evaluator.evaluate(len(loop.dataloader.dataset))

    def _keep_best(self, runner: Any, name: str, source: str, values: dict[str, Any]) -> None:
        score, best = float(values[self.metric]), self._best(runner, name)
        if best is not None and score <= best:
            return
        # The message hub is part of the checkpoint, so a resumed run goes on comparing.
        runner.message_hub.update_info(f"best_{name}", score)
        if runner.rank == 0:
            path = Path(runner.work_dir) / f"best_{name}.safetensors"
            card = {"model": name, "metrics": {self.metric: score}}
            save_deployable(runner, path, source=source, card=card)

    def _best(self, runner: Any, name: str) -> float | None:
        return runner.message_hub.runtime_info.get(f"best_{name}")
