"""The target network of Mean Teacher, BYOL, MoCo and consistency training."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from mmengine.logging import MessageHub
from torch import Tensor, nn

from spotter.errors import ConfigError

ACCUMULATING = "accumulating"
"""Name of the run's information, as mmengine's message hub holds it, of :func:`accumulating`."""


class EMATarget(nn.Module):
    """A copy of a network that follows it as an exponential moving average.

    The copy gets no gradients and has no dropout. Its batch norms use running statistics, which are
    copied from the online network; or, where that network trains with those of the batch, the
    batch's own. Copied statistics belong to the weights of the online network: a copy whose weights
    lag behind while they move fast is normalised wrongly.

    Args:
        online: The network to copy. Its parts that the target does not need are best left out.
        batch_statistics: In training mode the copy's batch norms normalise by the batch and keep
            running statistics of their own, as the networks of BYOL and MoCo do.

    Attributes:
        module: The copy.
        updates: Number of updates so far, kept in checkpoints.
    """

    updates: Tensor

    def __init__(self, online: nn.Module, batch_statistics: bool = False) -> None:
        super().__init__()
        self.batch_statistics = batch_statistics
        self.module = copy.deepcopy(online).requires_grad_(False).eval()
        self.register_buffer("updates", torch.zeros((), dtype=torch.long))

    def train(self, mode: bool = True) -> EMATarget:
        """Stay in evaluation mode, except for batch norms that use the statistics of the batch."""
        super().train(False)
        if self.batch_statistics:
            for module in self.module.modules():
                # The common base of all batch norms, the synchronised ones included.
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.train(mode)
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The copy's answer, without gradients."""
        with torch.no_grad():
            return self.module(*args, **kwargs)

    @torch.no_grad()
    def update(self, online: nn.Module, momentum: float) -> None:
        """``target = momentum * target + (1 - momentum) * online``, in place.

        Buffers are copied, unless the target keeps statistics of its own. The first update copies
        everything, whatever the momentum: weights may have been loaded into the online network
        since it was copied. While gradients accumulate the online network stands still, and so does
        the target.

        Args:
            online: The network that was copied.
            momentum: In [0, 1]; 0 copies the online network.

        Raises:
            ConfigError: A momentum outside [0, 1].
        """
        if not 0.0 <= momentum <= 1.0:
            raise ConfigError(f"the momentum of a target network is in [0, 1], not {momentum}")
        if accumulating():
            return
        targets = [parameter.data for parameter in self.module.parameters()]
        sources = [parameter.data for parameter in online.parameters()]
        first = not self.updates
        if first:
            torch._foreach_copy_(targets, sources)
        else:
            # In place and in one multi-tensor kernel: references to the parameters stay valid.
            torch._foreach_lerp_(targets, sources, 1.0 - momentum)
        if first or not self.batch_statistics:
            for own, other in zip(self.module.buffers(), online.buffers(), strict=True):
                own.copy_(other)
        self.updates += 1


def accumulating() -> bool:
    """Whether the training run has not moved the weights since the last batch.

    That is so within ``accumulative_counts`` of the optimizer; outside of a run it is not.
    """
    return bool(MessageHub.get_current_instance().runtime_info.get(ACCUMULATING))


def cosine_momentum(base: float, progress: float) -> float:
    """BYOL's schedule, from ``base`` to 1: ``1 - (1 - base) (cos(pi progress) + 1) / 2``.

    Args:
        base: Momentum at the start.
        progress: Finished share of the run, in [0, 1].
    """
    return 1.0 - (1.0 - base) * (math.cos(math.pi * progress) + 1.0) / 2.0


def momentum_for_run(
    momentum: float, meant_for: int | None, length: int, least: float = 0.9
) -> float:
    """A target's momentum in a run that is shorter than the one it was chosen for.

    An average with momentum m spans about ``1 / (1 - m)`` iterations. A shorter run gets the same
    share of its length: ``1 - m' = (1 - m) meant_for / length``. (BYOL, Grill et al., 2020, takes
    0.996 for 1000 epochs and 0.99 for 300.)

    Args:
        momentum: m, of the published run.
        meant_for: Iterations of that run; ``None``: the momentum holds for every run.
        length: Iterations of this run; 0: unknown, the momentum stays.
        least: The result is at least this, if the momentum is: a target that copies the online
            network teaches it nothing.
    """
    if meant_for is None or not 0 < length < meant_for:
        return momentum
    return max(1.0 - (1.0 - momentum) * meant_for / length, min(momentum, least))
