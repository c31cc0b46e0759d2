"""SimSiam: positive pairs only, kept from collapsing by a predictor and a stop-gradient."""

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
)
from spotter.methods.self_supervised.contrastive import negative_cosine
from spotter.methods.self_supervised.instances import InstanceMapping, instances_of_both
from spotter.methods.self_supervised.monitor import CollapseMonitor
from spotter.methods.self_supervised.projections import NormedMLP
from spotter.registry import MODELS


@MODELS.register_module()
class SimSiam(Method):
    """``-(cos(p_1, sg z_2) + cos(p_2, sg z_1)) / 2`` (Chen and He, CVPR 2021), per instance.

    Args:
        recognizer: Config of the recognizer.
        mapping: Config of the instance mapping; ``AllToInstance`` (default) is SimSiam on images.
        stage: Last stage of the encoder: ``"sequence"`` (stages 1 to 3) or ``"visual"`` (1 and 2).
        channels: Of the projector's three layers.
        predictor_channels: Of the predictor's hidden layer.
        init_cfg: mmengine's initialisation, if any.
    """

    branches = ("view0", "view1")

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        mapping: Mapping[str, Any] | None = None,
        stage: str = "sequence",
        channels: int = 2048,
        predictor_channels: int = 512,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        self.stage = stage
        self.mapping: InstanceMapping = MODELS.build(dict(mapping or {"type": "AllToInstance"}))
        encoded = encoder_channels(self.recognizer, stage)
        self.projector = NormedMLP(encoded, channels, channels, channels, last_norm=True)
        self.predictor = NormedMLP(channels, predictor_channels, channels)
        self.monitor = CollapseMonitor()
        freeze_decoder(self.recognizer, stage)

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """``loss_similarity``, in [-1, 1], and signs of collapse."""
        images, samples = join_views(inputs, data_samples, self.branches)
        frames, mask = encode_frames(self.recognizer, images, samples, self.stage)
        projected = self.projector(torch.cat(instances_of_both(self.mapping, frames, mask)))
        first, second = projected.chunk(2)
        from_first, from_second = self.predictor(projected).chunk(2)
        loss = (negative_cosine(from_first, second) + negative_cosine(from_second, first)) / 2
        return {"loss_similarity": loss, **self.monitor(first)}
