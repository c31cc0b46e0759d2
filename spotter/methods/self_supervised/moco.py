"""MoCo: contrast against a queue of earlier instances instead of a large batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import (
    Method,
    Samples,
    Views,
    encode_frames,
    encoder_channels,
    freeze_decoder,
    run_length,
)
from spotter.methods.gathering import gather_rows
from spotter.methods.self_supervised.contrastive import info_nce
from spotter.methods.self_supervised.instances import InstanceMapping, paired_instances
from spotter.methods.self_supervised.monitor import CollapseMonitor
from spotter.methods.target import EMATarget, momentum_for_run
from spotter.registry import MODELS


class InstanceQueue(nn.Module):
    """The last ``size`` instances of all processes, normalised; random directions at first.

    Args:
        size: K.
        channels: C.
    """

    instances: Tensor
    pointer: Tensor

    def __init__(self, size: int, channels: int) -> None:
        super().__init__()
        if size < 1:
            raise ConfigError(f"the queue must hold at least one instance, not {size}")
        self.register_buffer("instances", F.normalize(torch.randn(size, channels), dim=1))
        self.register_buffer("pointer", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, instances: Tensor) -> None:
        """Replace the oldest by instances (M, C); of more than K only the last K stay."""
        size = len(self.instances)
        places = (self.pointer + torch.arange(len(instances), device=instances.device)) % size
        self.instances[places[-size:]] = instances[-size:].to(self.instances)
        self.pointer.copy_((self.pointer + len(instances)) % size)


@MODELS.register_module()
class MoCo(Method):
    """Momentum contrast (He et al., CVPR 2020), per instance.

    Queries are instances of the first view. Keys are instances of the second view, from a moving
    average of encoder and projection whose batch norms use the statistics of the batch (see
    :class:`EMATarget`). The paper shuffles the keys' crops between processes, so that the
    statistics of a process's batch do not tell queries which keys are theirs; here they are not
    shuffled.

    Args:
        recognizer: Config of the recognizer.
        mapping: Config of the instance mapping; ``AllToInstance`` is MoCo on images.
        projection: Config of the head on the frames: ``None``, ``FrameMLP`` or ``BiLSTM``.
        stage: Last stage of the encoder: ``"sequence"`` (stages 1 to 3) or ``"visual"`` (1 and 2).
        queue_size: Instances in the queue.
        momentum: Of the key network.
        momentum_iterations: Length of the run that the momentum is meant for; a shorter run has
            less, see :func:`momentum_for_run`. ``None``: every run.
        batch_statistics: ``False``: the key network's batch norms use copied running statistics.
        temperature: Of the loss.
        init_cfg: mmengine's initialisation, if any.
    """

    branches = ("view0", "view1")

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        mapping: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        stage: str = "sequence",
        queue_size: int = 65536,
        momentum: float = 0.999,
        momentum_iterations: int | None = 1000000,
        batch_statistics: bool = True,
        temperature: float = 0.07,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        self.stage = stage
        self.mapping: InstanceMapping = MODELS.build(dict(mapping))
        channels = encoder_channels(self.recognizer, stage)
        self.projection: Any = MODELS.build(
            {"in_channels": channels, **(projection or {"type": "NoSequence"})}
        )
        self.momentum = momentum
        self.momentum_iterations = momentum_iterations
        self.temperature = temperature
        self.queue = InstanceQueue(queue_size, self.projection.out_channels)
        self.monitor = CollapseMonitor()
        freeze_decoder(self.recognizer, stage)
        self.target = EMATarget(self._online(), batch_statistics)

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """``loss_contrastive`` and signs of collapse; the queue takes up the keys."""
        if self.training:
            momentum = momentum_for_run(self.momentum, self.momentum_iterations, run_length())
            self.target.update(self._online(), momentum)
        query_name, key_name = self.branches
        frames, mask = encode_frames(
            self.recognizer, inputs[query_name], data_samples.get(query_name), self.stage
        )
        projected = self.projection(frames, mask)
        with torch.no_grad():
            parts: Any = self.target.module
            key_frames, key_mask = encode_frames(
                parts["recognizer"], inputs[key_name], data_samples.get(key_name), self.stage
            )
            key_projected = parts["projection"](key_frames, key_mask)
        queries, keys = paired_instances(self.mapping, (projected, key_projected), (mask, key_mask))
        # A copy: the backward pass needs the queue as it was.
        loss = info_nce(queries, keys, self.queue.instances.clone(), self.temperature)
        if self.training:
            self.queue.push(gather_rows(F.normalize(keys.float(), dim=1))[0])
        return {"loss_contrastive": loss, **self.monitor(queries)}

    def _online(self) -> nn.ModuleDict:
        """What the target copies, made on demand: as a part it would be registered twice."""
        return nn.ModuleDict({"recognizer": self.network, "projection": self.projection})
