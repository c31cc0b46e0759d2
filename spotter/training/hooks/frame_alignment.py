"""Fades out the loss that helps CTC over its first plateau."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS


@HOOKS.register_module()
class FrameAlignmentHook(Hook):
    """Sets ``alignment_weight`` of every CTC stage: from ``weight`` down to 0 in a straight line.

    The weight follows the iteration alone, so a resumed run goes on exactly.

    Args:
        weight: Factor of the alignment loss at the first iteration.
        iterations: Iterations until it is gone.

    Raises:
        ConfigError: A value that is not positive, or the model has no CTC stage.
    """

    def __init__(self, weight: float = 3.0, iterations: int = 2500) -> None:
        if not weight > 0 or iterations < 1:
            raise ConfigError("FrameAlignmentHook: weight and iterations must be positive")
        self.weight = weight
        self.iterations = iterations
        self._stages: list[Any] = []

    def before_train(self, runner: Any) -> None:
        """Find the stages."""
        self._stages = [m for m in runner.model.modules() if hasattr(m, "alignment_weight")]
        if not self._stages:
            raise ConfigError("FrameAlignmentHook: the model has no CTC stage")

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Set the weight of this iteration."""
        weight = self.weight * max(0.0, 1 - runner.iter / self.iterations)
        for stage in self._stages:
            stage.alignment_weight = weight
