"""SeqCLR: contrastive learning of sequences (Aberdam et al., CVPR 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.methods.base import (
    Method,
    Samples,
    Views,
    encoder_channels,
    freeze_decoder,
    join_views,
    visual_frames,
)
from spotter.methods.recognizers import encoder_of, losses_of_frames
from spotter.methods.self_supervised.contrastive import nt_xent
from spotter.methods.self_supervised.instances import InstanceMapping, instances_of_both
from spotter.methods.self_supervised.monitor import CollapseMonitor
from spotter.models.recognition.four_stage import valid_ratios_of
from spotter.registry import MODELS


@MODELS.register_module()
class SeqCLR(Method):
    """Two views of a word, cut into instances that are contrasted across the batch.

    Views must keep every character in its place (:class:`SeqCLRView`): the positive of an instance
    is the one at the same place of the other view.

    Args:
        recognizer: Config of the recognizer.
        mapping: Config of the instance mapping: ``AllToInstance``, ``WindowToInstance`` (the
            paper's best, 5 windows), ``FrameToInstance``.
        projection: Config of the head on the frames: ``None``, ``FrameMLP`` or ``BiLSTM``.
        stage: Last stage of the encoder: ``"sequence"`` (stages 1 to 3) or ``"visual"`` (1 and 2).
        temperature: Of the loss.
        contrastive_weight: Of the contrastive loss.
        supervised_weight: Of the recognizer's own loss on the labelled samples of both views; with
            0, labels are not used and the decoder is not trained. SemiMTR's first stage has 2, one
            for each view.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: A stage that does not exist.
    """

    branches = ("view0", "view1")

    def __init__(
        self,
        recognizer: Mapping[str, Any] | nn.Module,
        mapping: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        stage: str = "sequence",
        temperature: float = 0.1,
        contrastive_weight: float = 1.0,
        supervised_weight: float = 0.0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(recognizer, init_cfg)
        if temperature <= 0:
            raise ConfigError(f"SeqCLR: the temperature must be positive, not {temperature}")
        channels = encoder_channels(self.recognizer, stage)
        self.stage = stage
        self.mapping: InstanceMapping = MODELS.build(dict(mapping))
        self.projection: Any = MODELS.build(
            {"in_channels": channels, **(projection or {"type": "NoSequence"})}
        )
        self.temperature = temperature
        self.contrastive_weight = contrastive_weight
        self.supervised_weight = supervised_weight
        self.monitor = CollapseMonitor()
        if supervised_weight == 0:
            freeze_decoder(self.recognizer, stage)

    def loss(self, inputs: Views, data_samples: Samples) -> dict[str, Tensor]:
        """``loss_contrastive``, the recognizer's losses if asked for, and signs of collapse."""
        images, samples = join_views(inputs, data_samples, self.branches)
        ratios = valid_ratios_of(samples)
        encoder = encoder_of(self.recognizer)
        visual = encoder.extract(images, ratios)
        mask = encoder.frame_mask(visual, ratios)
        sequence = None
        if self.stage == "sequence" or self.supervised_weight:
            sequence = encoder.model_sequence(visual, mask)
        if sequence is not None and self.stage == "sequence":
            frames = sequence
        else:
            frames = visual_frames(encoder, visual)
        first, second = self.instances(frames, mask)
        losses = {
            "loss_contrastive": self.contrastive_weight * nt_xent(first, second, self.temperature),
            **self.monitor(first),
        }
        if sequence is not None and self.supervised_weight:
            height = visual.shape[2] if encoder.prediction.flatten_height else 1
            supervised = losses_of_frames(self.recognizer, sequence, samples, mask, height)
            losses.update({k: self.supervised_weight * v for k, v in supervised.items()})
        return losses

    def instances(self, frames: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Projected instances (M, C') of each view, from the frames (2 N, T, C) of both."""
        return instances_of_both(self.mapping, self.projection(frames, mask), mask)
