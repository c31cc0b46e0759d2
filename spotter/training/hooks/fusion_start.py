"""Starts fusion with the predictions of vision, for short trainings of the third stage."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS


@HOOKS.register_module()
class FusionStartHook(Hook):
    """Before the first iteration, fusion copies the classifier of vision, and its gate prefers
    vision.

    ABINet trains both the gate and the classifier of its fusion from random values. With this hook
    the predictions are those of vision at first, and the gate learns where to use language.

    Args:
        bias: Of the gate; sigmoid(bias) is the share of vision at first.

    Raises:
        ConfigError: The model has no gated fusion, or one of other channels than vision.
    """

    def __init__(self, bias: float = 3.0) -> None:
        self.bias = bias

    def before_train(self, runner: Any) -> None:
        """Set the fusion's values, unless a run is resumed."""
        models = [m for m in runner.model.modules() if hasattr(m, "begin_as_vision")]
        if not models:
            raise ConfigError("FusionStartHook: the model has no fusion of vision and language")
        if runner.iter == 0:
            for model in models:
                model.begin_as_vision(self.bias)
