"""Exponential moving average of the weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmengine.hooks import Hook
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training.distributed import unwrapped


@HOOKS.register_module()
class EMAHook(Hook):
    """Keeps an average of the parameters; validation, tests and checkpoints use it.

    After step t = 1, 2, ... of the optimizer: ``average += (1 - d_t) * (parameter - average)``, in
    place, with ``d_t = min(decay, t / (t + warm_up))``. The ramp lets a short run forget its random
    start; ``warm_up=0`` gives the plain average. Buffers (norm statistics) are not averaged: they
    are averages already, and the model's own are used.

    Args:
        decay: In [0, 1).
        warm_up: Length of the ramp in steps: the decay is one half at ``t = warm_up``.

    Raises:
        ConfigError: A value outside its range.
    """

    priority = "NORMAL"

    def __init__(self, decay: float = 0.9995, warm_up: float = 100.0) -> None:
        if not 0.0 <= decay < 1.0:
            raise ConfigError(f"EMAHook: decay must be in [0, 1), got {decay}")
        if warm_up < 0:
            raise ConfigError(f"EMAHook: warm_up must not be negative, got {warm_up}")
        self.decay = decay
        self.warm_up = warm_up
        self.averages: dict[str, Tensor] | None = None
        self.swapped = False

    def decay_at(self, update: int) -> float:
        """The decay of the given update, counted from 1."""
        return min(self.decay, update / (update + self.warm_up))

    def before_train(self, runner: Any) -> None:
        """Start from the weights that training starts from."""
        if self.averages is None:
            self.averages = {
                name: parameter.detach().clone()
                for name, parameter in unwrapped(runner.model).named_parameters()
            }

    @torch.no_grad()
    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Move the average towards the new weights; while gradients accumulate there are none."""
        assert self.averages is not None
        wrapper = runner.optim_wrapper
        if not wrapper.should_update():
            return
        parameters = dict(unwrapped(runner.model).named_parameters())
        torch._foreach_lerp_(
            list(self.averages.values()),
            [parameters[name].detach() for name in self.averages],
            1.0 - self.decay_at(math.ceil((runner.iter + 1) / wrapper.accumulative_counts)),
        )

    @torch.no_grad()
    def swap(self, model: nn.Module) -> None:
        """Exchange the weights of the model and their averages, in place."""
        if self.averages is None:
            return
        parameters = dict(model.named_parameters())
        for name, average in self.averages.items():
            weight = parameters[name]
            held = weight.detach().clone()
            weight.copy_(average)
            average.copy_(held)
        self.swapped = not self.swapped

    def before_val_epoch(self, runner: Any) -> None:
        """Validate the averages."""
        self.swap(unwrapped(runner.model))

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Train on with the weights."""
        self.swap(unwrapped(runner.model))

    def averaged_state(self, model: nn.Module) -> dict[str, Tensor]:
        """State dict of ``model`` with the averages in place of its parameters."""
        assert not self.swapped
        return {**model.state_dict(), **(self.averages or {})}

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Save the averages as the weights to use, and beside them those to train on with."""
        if self.averages is not None:
            checkpoint["training_state_dict"] = checkpoint["state_dict"]
            checkpoint["state_dict"] = {**checkpoint["state_dict"], **self.averages}

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Take up the averages of the run that is resumed."""
        self.averages = {
            name: checkpoint["state_dict"][name].detach().clone().to(parameter.device)
            for name, parameter in unwrapped(runner.model).named_parameters()
        }


def deployable_state(runner: Any) -> dict[str, Tensor]:
    """The weights to use after training: averaged if an :class:`EMAHook` runs."""
    model = unwrapped(runner.model)
    for hook in runner.hooks:
        if isinstance(hook, EMAHook):
            return hook.averaged_state(model)
    return dict(model.state_dict())
