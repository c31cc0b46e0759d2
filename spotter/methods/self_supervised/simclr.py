"""SimCLR on whole crops: the baseline without sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from spotter.methods.self_supervised.contrastive import nt_xent
from spotter.methods.self_supervised.instances import AllToInstance
from spotter.methods.self_supervised.monitor import CollapseMonitor
from spotter.registry import MODELS


@MODELS.register_module()
class SimCLR(Method):
    """Image-level contrastive learning (Chen et al., ICML 2020).

    The frames are averaged first and the one vector of a crop is projected; SeqCLR projects frames
    first. Its views (:class:`ImageView`) crop, flip and shift as SimCLR does, which is impossible
    for methods that compare frames.

    Args:
        recognizer: Config of the recognizer.
        stage: Last stage of the encoder: ``"sequence"`` (stages 1 to 3) or ``"visual"`` (1 and 2).
        hidden_channels: Of the projection's hidden layer; default: those of the encoder.
        out_channels: Of the projection.
        temperature: Of the loss.
        init_cfg: mmengine's initialisation, if any.
    """

    branches = ("view0", "view1")

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        stage: str = "sequence",
        hidden_channels: int | None = None,
        out_channels: int = 128,
        temperature: float = 0.1,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        channels = encoder_channels(self.recognizer, stage)
        hidden = hidden_channels or channels
        self.stage = stage
        self.temperature = temperature
        self.pooling = AllToInstance()
        self.projection = nn.Sequential(
            nn.Linear(channels, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out_channels)
        )
        self.monitor = CollapseMonitor()
        freeze_decoder(self.recognizer, stage)

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """``loss_contrastive`` and signs of collapse."""
        images, samples = join_views(inputs, data_samples, self.branches)
        frames, mask = encode_frames(self.recognizer, images, samples, self.stage)
        pooled = self.pooling(frames, mask)[0].squeeze(1)
        first, second = self.projection(pooled).chunk(2)
        return {
            "loss_contrastive": nt_xent(first, second, self.temperature),
            **self.monitor(first),
        }
