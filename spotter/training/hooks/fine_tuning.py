"""Hooks for short trainings on few labels: a first validation, an early end, fixed norms."""

from __future__ import annotations

import operator
from typing import Any

from mmengine.hooks import Hook
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training.hooks.stop import stop_if


@HOOKS.register_module()
class FirstValidationHook(Hook):
    """Validates before the first iteration, so that the start competes for the best weights."""

    priority = "LOWEST"

    def before_train_epoch(self, runner: Any) -> None:
        """Validate, unless the run is resumed."""
        if runner.iter == 0 and runner.val_loop is not None:
            runner.val_loop.run()
            runner.model.train()


@HOOKS.register_module()
class EarlyStopHook(Hook):
    """Ends the training when a metric has not improved for so many validations.

    Args:
        metric: Its name, such as ``recognition/exact_accuracy``.
        patience: Validations in a row without a better value.
        rule: ``"greater"`` or ``"less"``: which value is better.
        enough: A value that cannot be improved on ends the training at once; ``None``: none.

    Raises:
        ConfigError: A patience below 1, or an unknown rule.
    """

    priority = "NORMAL"

    def __init__(
        self, metric: str, patience: int = 5, rule: str = "greater", enough: float | None = None
    ) -> None:
        if patience < 1 or rule not in ("greater", "less"):
            raise ConfigError("EarlyStopHook: patience must be at least 1, rule greater or less")
        self.metric = metric
        self.patience = patience
        self.is_better = operator.gt if rule == "greater" else operator.lt
        self.enough = enough
        self.best: float | None = None
        self.waited = 0
        self.reason = ""

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Count validations since the best one."""
        if isinstance(runner._train_loop, dict | None):
            return
        if self.metric not in (metrics or {}):
            known = ", ".join(metrics or {})
            raise ConfigError(f"EarlyStopHook: no metric {self.metric!r}; there are {known}")
        score = float((metrics or {})[self.metric])
        if self.best is None or self.is_better(score, self.best):
            self.best, self.waited = score, 0
        else:
            self.waited += 1
        if self.enough is not None and not self.is_better(self.enough, score):
            self.reason = f"{self.metric} is {score:.4f}"
        elif self.waited >= self.patience:
            self.reason = f"{self.metric} has not improved for {self.waited} validations"

    def after_iteration(self, runner: Any) -> None:
        """Stop if the last validation exhausted the patience."""
        stop_if(runner, bool(self.reason), self.reason)


@HOOKS.register_module()
class FixedNormsHook(Hook):
    """Batch norms keep their statistics: those of few new samples would be worse."""

    priority = "NORMAL"

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """The loop sets the model to training mode after each validation."""
        model: nn.Module = runner.model
        for module in model.modules():
            if isinstance(module, _BatchNorm) and module.training:
                module.eval()
