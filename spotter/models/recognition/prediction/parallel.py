"""Parallel decoder by position attention (ABINet, Fang et al., CVPR 2021, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.models.recognition.layers import conv_bn, sinusoid
from spotter.models.recognition.prediction.base import (
    Decoded,
    Prediction,
    no_loss,
    read_until_end,
    rows_of,
)
from spotter.models.token_maps import ClozeTokenMap
from spotter.registry import MODELS
from spotter.structures import TextRecSample


class KeyNetwork(nn.Module):
    """The mini U-Net that makes keys from the feature map, same size in and out.

    Padded columns are zeroed at every level, so that keys do not depend on how wide they are.

    Args:
        in_channels: C of the map and of the keys.
        channels: Inner channels.
    """

    def __init__(self, in_channels: int, channels: int = 64) -> None:
        super().__init__()
        strides = [(1, 2), (2, 2), (2, 2), (2, 2)]
        widths = [in_channels] + [channels] * len(strides)
        self.down = nn.ModuleList(
            conv_bn(widths[i], channels, 3, stride) for i, stride in enumerate(strides)
        )
        self.up = nn.ModuleList(
            conv_bn(channels, in_channels if i == 0 else channels, 3) for i in range(len(strides))
        )

    def forward(self, features: Tensor, columns: Tensor | None = None) -> Tensor:
        """Keys (N, C, h, w) of features (N, C, h, w); ``columns`` (N, w) bool hides padding."""
        skips, masks, sizes = [], [], []
        x = self._hide(features, columns)
        for down in self.down:
            skips.append(x)
            masks.append(columns)
            sizes.append(x.shape[-2:])
            columns = None if columns is None else columns[:, ::2]
            x = self._hide(down(x), columns)
        for i in reversed(range(len(self.up))):
            x = F.interpolate(x, size=sizes[i], mode="nearest")
            x = self._hide(self.up[i](self._hide(x, masks[i])), masks[i])
            if i:
                x = x + skips[i]
        return x

    @staticmethod
    def _hide(x: Tensor, columns: Tensor | None) -> Tensor:
        return x if columns is None else x * columns[:, None, None, :].to(x.dtype)


@MODELS.register_module()
class ParallelPrediction(Prediction):
    """One attention per character position, all positions at once.

    softmax(Q Kᵀ / √C) V with Q = W·PE(position), K = keys of the frames, V = frames.

    Args:
        in_channels: C of the frames.
        charset: The character set; K = null + characters.
        max_length: Longest word; S = max_length + 1 steps.
        key_network: ``"unet"`` (ABINet's, over the 2-D map) or ``"linear"``.
        key_channels: Inner channels of the U-Net.
        flatten_height: Attend to all positions of the map, not to its columns.
        dropout: Dropout before the classifier.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: If the key network is unknown.
    """

    def __init__(
        self,
        in_channels: int,
        charset: Charset,
        max_length: int = 25,
        key_network: str = "unet",
        key_channels: int = 64,
        flatten_height: bool = True,
        dropout: float = 0.0,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(in_channels, charset, max_length, init_cfg)
        if key_network not in ("unet", "linear"):
            raise ConfigError(f"key_network must be 'unet' or 'linear', not {key_network!r}")
        self.flatten_height = flatten_height
        self.token_map: ClozeTokenMap = ClozeTokenMap(charset)
        self.query = nn.Linear(in_channels, in_channels)
        self.key: nn.Module
        if key_network == "unet":
            self.key = KeyNetwork(in_channels, key_channels)
        else:
            self.key = nn.Linear(in_channels, in_channels)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(in_channels, self.token_map.num_classes)

    def glimpses(
        self, features: Tensor, mask: Tensor | None = None, height: int = 1
    ) -> tuple[Tensor, Tensor]:
        """Character vectors (N, S, C) and attention (N, S, T) of frames (N, T, C)."""
        if isinstance(self.key, KeyNetwork):
            n, t, c = features.shape
            feature_map = features.view(n, t // height, height, c).permute(0, 3, 2, 1)
            columns = None if mask is None else mask[:, ::height]
            keys = self.key(feature_map, columns).permute(0, 3, 2, 1).reshape(n, t, c)
        else:
            keys = self.key(features)
        positions = sinusoid(self.max_length + 1, self.in_channels, features.device)
        queries = self.query(positions.to(features.dtype))
        energies = torch.matmul(queries, keys.transpose(1, 2)).float() * self.in_channels**-0.5
        if mask is not None:
            energies = energies.masked_fill(~mask[:, None, :], float("-inf"))
        attention = energies.softmax(-1)
        return torch.matmul(attention.to(features.dtype), features), attention

    def forward(self, features: Tensor, mask: Tensor | None = None, height: int = 1) -> Tensor:
        """Logits (N, max_length + 1, K) of frames (N, T, C)."""
        return self.classifier(self.dropout(self.glimpses(features, mask, height)[0]))

    def loss(
        self,
        features: Tensor,
        data_samples: Sequence[TextRecSample],
        mask: Tensor | None = None,
        height: int = 1,
    ) -> dict[str, Tensor]:
        """``loss_parallel``: cross-entropy per character and the first null, fp32."""
        indices, texts = self.labelled(data_samples, self.max_length)
        if not texts:
            return {"loss_parallel": no_loss(self, features)}
        features, mask = rows_of(indices, features, mask)
        logits = self(features, mask, height)
        targets, lengths = self.token_map.encode(texts, self.max_length + 1)
        counted = torch.arange(self.max_length + 1)[None, :] < lengths[:, None]
        loss = F.cross_entropy(logits[counted].float(), targets[counted].to(logits.device))
        return {"loss_parallel": loss}

    @torch.no_grad()
    def decode(self, logits: Tensor, mask: Tensor | None = None) -> list[Decoded]:
        """Readings of logits (N, S, K), each up to its first null."""
        return read_until_end(self.token_map, logits)

    def charset_parameters(self) -> dict[str, int]:
        """The classifier's rows."""
        return {"classifier.weight": 0, "classifier.bias": 0}
