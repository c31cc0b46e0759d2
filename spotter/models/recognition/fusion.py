"""Fusion of vision and language features (ABINet, Fang et al., CVPR 2021, section 3.3)."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.registry import MODELS


@MODELS.register_module()
class GatedFusion(BaseModule):
    """``g = σ(W [l; v] + b)``, ``f = g ⊙ v + (1 - g) ⊙ l``.

    Args:
        vision_channels: C of the vision model's character vectors.
        language_channels: C of the language model's; where the two differ, each is first mapped to
            ``channels``.
        channels: C of the result; default: the larger.
        num_classes: K of the logits.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(
        self,
        vision_channels: int,
        language_channels: int,
        num_classes: int,
        channels: int | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        channels = channels or max(vision_channels, language_channels)
        self.vision = _adapter(vision_channels, channels)
        self.language = _adapter(language_channels, channels)
        self.gate = nn.Linear(2 * channels, channels)
        self.classifier = nn.Linear(channels, num_classes)

    @torch.no_grad()
    def start_from(self, classifier: nn.Linear, bias: float) -> None:
        """Give vision's logits at first, but for a share of 1 - σ(bias) of language.

        Args:
            classifier: Vision's, of its character vectors.
            bias: Of the gate.

        Raises:
            ConfigError: Vision's vectors have other channels than the result.
        """
        if not isinstance(self.vision, nn.Identity):
            raise ConfigError(
                f"fusion of {self.classifier.in_features} channels cannot begin as vision of"
                f" {classifier.in_features}"
            )
        self.classifier.load_state_dict(classifier.state_dict())
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, bias)

    def forward(self, vision: Tensor, language: Tensor) -> tuple[Tensor, Tensor]:
        """Fused vectors (N, S, C) and logits (N, S, K) of vectors (N, S, C_v) and (N, S, C_l)."""
        seen, likely = self.vision(vision), self.language(language)
        gate = torch.sigmoid(self.gate(torch.cat([likely, seen], dim=-1)))
        fused = gate * seen + (1.0 - gate) * likely
        return fused, self.classifier(fused)


def _adapter(channels: int, wanted: int) -> nn.Module:
    return nn.Identity() if channels == wanted else nn.Linear(channels, wanted)
