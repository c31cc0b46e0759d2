"""Projection heads, which are dropped after pretraining.

A head on frames has the interface of a third stage, ``(features (N, T, C), mask) -> (N, T, C')``,
so :class:`spotter.models.recognition.sequence_modeling.BiLSTM` and ``NoSequence`` ("none") serve as
they are. A head that flattens the sequence is no use, because T varies.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.registry import MODELS


@MODELS.register_module()
class FrameMLP(nn.Module):
    """The same two-layer perceptron on every frame (SeqCLR, section 3.3).

    Args:
        in_channels: C of the frames.
        hidden_channels: Of the hidden layer; default: C.
        out_channels: C'.
    """

    def __init__(
        self, in_channels: int, hidden_channels: int | None = None, out_channels: int = 128
    ) -> None:
        super().__init__()
        self.out_channels = out_channels
        hidden = hidden_channels or in_channels
        self.layers = nn.Sequential(
            nn.Linear(in_channels, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out_channels)
        )

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, T, C) to (N, T, C')."""
        return self.layers(features)


class NormedMLP(nn.Sequential):
    """Linear layers with batch norm and ReLU between them, for instances (M, C).

    Args:
        channels: Of the input, of each hidden layer and of the output.
        last_norm: Batch norm without affine parameters on the output (SimSiam's projector).

    Raises:
        ConfigError: Fewer than two numbers of channels.
    """

    def __init__(self, *channels: int, last_norm: bool = False) -> None:
        if len(channels) < 2:
            raise ConfigError(f"NormedMLP needs channels in and out, not {channels}")
        layers: list[nn.Module] = []
        for number, (narrow, wide) in enumerate(pairwise(channels), start=2):
            last = number == len(channels)
            layers.append(nn.Linear(narrow, wide, bias=last and not last_norm))
            if not last:
                layers += [nn.BatchNorm1d(wide), nn.ReLU(inplace=True)]
            elif last_norm:
                layers.append(nn.BatchNorm1d(wide, affine=False))
        super().__init__(*layers)
