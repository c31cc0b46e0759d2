"""Third stage: context along the frames."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from spotter.models.recognition.layers import TransformerLayer, sinusoid
from spotter.registry import MODELS


@MODELS.register_module()
class NoSequence(BaseModule):
    """Passes the frames on as they are.

    Args:
        in_channels: C of the frames.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(self, in_channels: int, init_cfg: dict[str, Any] | None = None) -> None:
        super().__init__(init_cfg)
        self.out_channels = in_channels

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, T, C) to itself."""
        return features


@MODELS.register_module()
class BiLSTM(BaseModule):
    """Bidirectional LSTM layers, each followed by a linear one (CRNN, Shi et al. 2017).

    Args:
        in_channels: C of the frames.
        hidden_channels: Size of the hidden state each way, and C' of the result.
        num_layers: Layers.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 256,
        num_layers: int = 2,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.out_channels = hidden_channels
        self.recurrent = nn.ModuleList(
            nn.LSTM(
                hidden_channels if i else in_channels,
                hidden_channels,
                batch_first=True,
                bidirectional=True,
            )
            for i in range(num_layers)
        )
        self.linear = nn.ModuleList(
            nn.Linear(2 * hidden_channels, hidden_channels) for _ in range(num_layers)
        )

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """Frames (N, T, C) to (N, T, C').

        Args:
            features: Frames.
            mask: (N, T) bool, true for the leading frames that are not padding. The backward
                direction starts at the last of them.
        """
        for recurrent, linear in zip(self.recurrent, self.linear, strict=True):
            features = linear(self._run(recurrent, features, mask))
        return features

    @staticmethod
    def _run(recurrent: nn.Module, features: Tensor, mask: Tensor | None) -> Tensor:
        # Recurrence accumulates rounding, and CPU kernels of some builds have no half precision.
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            if mask is None:
                return recurrent(features)[0]
            lengths = mask.sum(1).cpu()
            packed = pack_padded_sequence(features, lengths, batch_first=True, enforce_sorted=False)
            unpacked, _ = pad_packed_sequence(
                recurrent(packed)[0], batch_first=True, total_length=features.shape[1]
            )
        return unpacked


@MODELS.register_module()
class TransformerEncoder(BaseModule):
    """Transformer layers over the frames, with sinusoidal positions (ABINet, SATRN).

    Args:
        in_channels: C of the frames.
        channels: C' of the layers; default: C.
        num_layers: Layers.
        heads: Attention heads.
        expansion: Width of the MLPs relative to C'.
        dropout: Dropout after attention and MLP.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: If the heads do not divide the channels.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int | None = None,
        num_layers: int = 2,
        heads: int = 8,
        expansion: float = 4.0,
        dropout: float = 0.1,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.out_channels = channels or in_channels
        self.embed: nn.Module = nn.Identity()
        if self.out_channels != in_channels:
            self.embed = nn.Linear(in_channels, self.out_channels)
        self.layers = nn.ModuleList(
            TransformerLayer(self.out_channels, heads, expansion, dropout)
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(self.out_channels)

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """Frames (N, T, C) to (N, T, C'); ``mask`` (N, T) bool hides padded frames."""
        tokens = self.embed(features)
        positions = sinusoid(tokens.shape[1], tokens.shape[2], tokens.device)
        tokens = tokens + positions.to(tokens.dtype)
        for layer in self.layers:
            tokens = layer(tokens, mask)
        return self.norm(tokens)
