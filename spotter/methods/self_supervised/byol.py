"""BYOL: positive pairs only; an online network predicts what its moving average sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from spotter.methods.base import (
    Method,
    Samples,
    Views,
    encode_frames,
    encoder_channels,
    freeze_decoder,
    join_views,
    run_length,
    run_progress,
)
from spotter.methods.self_supervised.contrastive import negative_cosine
from spotter.methods.self_supervised.instances import InstanceMapping, instances_of_both
from spotter.methods.self_supervised.monitor import CollapseMonitor
from spotter.methods.self_supervised.projections import NormedMLP
from spotter.methods.target import EMATarget, cosine_momentum, momentum_for_run
from spotter.registry import MODELS


@MODELS.register_module()
class BYOL(Method):
    """``2 - 2 cos(q(z_1), sg z'_2)``, symmetrised (Grill et al., NeurIPS 2020), per instance.

    The target is updated at the start of an iteration, which is the end of the one before. As
    published, its batch norms use the statistics of the batch (see :class:`EMATarget`).

    Args:
        recognizer: Config of the recognizer.
        mapping: Config of the instance mapping; ``AllToInstance`` (default) is BYOL on images.
        stage: Last stage of the encoder: ``"sequence"`` (stages 1 to 3) or ``"visual"`` (1 and 2).
        channels: Of the hidden layer of projector and predictor.
        out_channels: Of both.
        momentum: Of the target at the start; it rises to 1 over the run along a cosine.
        momentum_iterations: Length of the run that the momentum is meant for; a shorter run starts
            lower, see :func:`momentum_for_run`. ``None``: every run.
        batch_statistics: ``False``: the target's batch norms use copied running statistics.
        init_cfg: mmengine's initialisation, if any.
    """

    branches = ("view0", "view1")

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        mapping: Mapping[str, Any] | None = None,
        stage: str = "sequence",
        channels: int = 4096,
        out_channels: int = 256,
        momentum: float = 0.996,
        momentum_iterations: int | None = 312000,
        batch_statistics: bool = True,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        self.stage = stage
        self.mapping: InstanceMapping = MODELS.build(dict(mapping or {"type": "AllToInstance"}))
        encoded = encoder_channels(self.recognizer, stage)
        self.projector = NormedMLP(encoded, channels, out_channels)
        self.predictor = NormedMLP(out_channels, channels, out_channels)
        self.momentum = momentum
        self.momentum_iterations = momentum_iterations
        self.monitor = CollapseMonitor()
        freeze_decoder(self.recognizer, stage)
        self.target = EMATarget(self._online(), batch_statistics)

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """``loss_similarity``, in [0, 4], and signs of collapse."""
        if self.training:
            start = momentum_for_run(self.momentum, self.momentum_iterations, run_length())
            self.target.update(self._online(), cosine_momentum(start, run_progress()))
        images, samples = join_views(inputs, data_samples, self.branches)
        online = self._project(self.recognizer, self.projector, images, samples)
        with torch.no_grad():
            parts: Any = self.target.module
            target = self._project(parts["recognizer"], parts["projector"], images, samples)
        first, second = target.chunk(2)
        from_first, from_second = self.predictor(online).chunk(2)
        similarity = negative_cosine(from_first, second) + negative_cosine(from_second, first)
        return {"loss_similarity": 2.0 + similarity, **self.monitor(online)}

    def _project(
        self, recognizer: Any, projector: nn.Module, images: Tensor, samples: Any
    ) -> Tensor:
        """Projected instances (2 M, C) of both views."""
        frames, mask = encode_frames(recognizer, images, samples, self.stage)
        return projector(torch.cat(instances_of_both(self.mapping, frames, mask)))

    def _online(self) -> nn.ModuleDict:
        """What the target copies, made on demand: as a part it would be registered twice."""
        return nn.ModuleDict({"recognizer": self.network, "projector": self.projector})
