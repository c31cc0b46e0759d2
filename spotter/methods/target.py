"""The target network of Mean Teacher, BYOL, MoCo and consistency training."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from spotter.errors import ConfigError


class EMATarget(nn.Module):
    """A copy of a network that follows it as an exponential moving average.

    The copy is always in evaluation mode (its batch norms use the running statistics, which are
    copied from the online network) and nothing flows back into it.

    Args:
        online: The network to copy. Its parts that the target does not need are best left out.

    Attributes:
        module: The copy.
        updates: Number of updates so far, kept in checkpoints.
    """

    updates: Tensor

    def __init__(self, online: nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(online).requires_grad_(False).eval()
        self.register_buffer("updates", torch.zeros((), dtype=torch.long))

    def train(self, mode: bool = True) -> EMATarget:
        """Stay in evaluation mode."""
        return super().train(False)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The copy's answer, without gradients."""
        with torch.no_grad():
            return self.module(*args, **kwargs)

    @torch.no_grad()
    def update(self, online: nn.Module, momentum: float) -> None:
        """``target = momentum * target + (1 - momentum) * online``, in place; buffers are copied.

        The first update copies, whatever the momentum: weights may have been loaded into the online
        network since it was copied.

        Args:
            online: The network that was copied.
            momentum: In [0, 1]; 0 copies the online network.

        Raises:
            ConfigError: A momentum outside [0, 1].
        """
        if not 0.0 <= momentum <= 1.0:
            raise ConfigError(f"the momentum of a target network is in [0, 1], not {momentum}")
        targets = [parameter.data for parameter in self.module.parameters()]
        sources = [parameter.data for parameter in online.parameters()]
        if not self.updates:
            torch._foreach_copy_(targets, sources)
        else:
            # In place and in one multi-tensor kernel: references to the parameters stay valid.
            torch._foreach_lerp_(targets, sources, 1.0 - momentum)
        for own, other in zip(self.module.buffers(), online.buffers(), strict=True):
            own.copy_(other)
        self.updates += 1


def cosine_momentum(base: float, progress: float) -> float:
    """BYOL's schedule, from ``base`` to 1: ``1 - (1 - base) (cos(pi progress) + 1) / 2``.

    Args:
        base: Momentum at the start.
        progress: Finished share of the run, in [0, 1].
    """
    return 1.0 - (1.0 - base) * (math.cos(math.pi * progress) + 1.0) / 2.0
