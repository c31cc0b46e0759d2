"""Feature pyramids that end in one map at stride 4.

Liao et al., DBNet, AAAI 2020, and DBNet++, TPAMI 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.registry import MODELS
from spotter.training.depthwise import DepthwiseConv2d


def _enlarge(x: Tensor, like: Tensor) -> Tensor:
    """A map as large as another one, by its nearest values."""
    if torch.onnx.is_in_onnx_export():
        # Inputs are multiples of the largest stride. ONNX Runtime keeps its own memory layout
        # through an enlargement by a constant, not through one to a size that it has to compute.
        return F.interpolate(x, scale_factor=float(int(like.shape[2]) // int(x.shape[2])))
    return F.interpolate(x, size=like.shape[2:])


class AdaptiveScaleFusion(nn.Module):
    """Attention over the levels of a pyramid (DBNet++, section 3.4).

    The concatenated levels pass a 3x3 convolution, a channel branch and a spatial branch (both
    added), and a 1x1 convolution that gives one attention map per level.

    Args:
        levels: Number of levels.
        channels: Channels of each level.
    """

    def __init__(self, levels: int, channels: int) -> None:
        super().__init__()
        self.levels = levels
        self.reduce = nn.Conv2d(levels * channels, channels, 3, padding=1)
        squeezed = max(channels // 4, 4)
        self.channel = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(squeezed, channels, 1, bias=False),
            nn.Sigmoid(),
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(1, 1, 3, padding=1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(1, 1, 1, bias=False),
            nn.Sigmoid(),
        )
        self.attention = nn.Sequential(nn.Conv2d(channels, levels, 1, bias=False), nn.Sigmoid())

    def forward(self, maps: list[Tensor]) -> Tensor:
        """``levels`` maps (N, C, H, W) -> their weighted concatenation (N, levels * C, H, W)."""
        x = self.reduce(torch.cat(maps, 1))
        x = x + self.channel(x)
        x = x + self.spatial(x.mean(1, keepdim=True))
        weights = self.attention(x)
        return torch.cat([m * weights[:, i : i + 1] for i, m in enumerate(maps)], 1)


class ContextBlock(nn.Module):
    """Adds to each cell of a coarse level what its surroundings tell; starts as the identity.

    A depthwise 7x7 convolution, then two 1x1 convolutions with twice as many channels between them,
    as in ConvNeXt (Liu et al., CVPR 2022), but with batch norms. The last one's weights start at
    zero, so a block can be put into a trained network.

    Args:
        channels: Channels of the level.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(channels)
        nn.init.zeros_(last.weight)
        self.layers = nn.Sequential(
            DepthwiseConv2d(channels, (7, 7)),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, 2 * channels, 1, bias=False),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(2 * channels, channels, 1, bias=False),
            last,
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        return x + self.layers(x)


@MODELS.register_module()
class FPNC(BaseModule):
    """Top-down pyramid whose levels are smoothed, brought to stride 4 and concatenated.

    Args:
        in_channels: Channels of the backbone's maps, strides 4 to 32.
        lateral_channels: Width of the pyramid.
        out_channels: Channels per level after smoothing; the output has
            ``len(in_channels) * out_channels``.
        norm: Batch norm and ReLU after laterals and smoothing convolutions (helps a start from
            scratch; the paper's network has none).
        asf: Adaptive scale fusion of DBNet++.
        context: Blocks (:class:`ContextBlock`) on the laterals of each level, finest level first;
            empty: none.

    Raises:
        ConfigError: ``context`` has another number of levels.
    """

    def __init__(
        self,
        in_channels: list[int],
        lateral_channels: int = 256,
        out_channels: int = 64,
        norm: bool = False,
        asf: bool = False,
        context: Sequence[int] = (),
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)

        def conv(c_in: int, c_out: int, kernel: int) -> nn.Module:
            layer = nn.Conv2d(c_in, c_out, kernel, padding=kernel // 2, bias=False)
            if not norm:
                return layer
            return nn.Sequential(layer, nn.BatchNorm2d(c_out), nn.ReLU(inplace=True))

        self.lateral = nn.ModuleList(conv(c, lateral_channels, 1) for c in in_channels)
        self.smooth = nn.ModuleList(conv(lateral_channels, out_channels, 3) for _ in in_channels)
        self.asf = AdaptiveScaleFusion(len(in_channels), out_channels) if asf else None
        if context and len(context) != len(in_channels):
            raise ConfigError(f"context names {len(context)} levels of {len(in_channels)}")
        self.context = nn.ModuleList(
            nn.Sequential(*(ContextBlock(lateral_channels) for _ in range(count)))
            for count in context
        )
        self.out_channels = len(in_channels) * out_channels

    def forward(self, maps: tuple[Tensor, ...]) -> Tensor:
        """Maps of strides 4, 8, 16, 32 -> (N, out_channels, H / 4, W / 4)."""
        laterals = [layer(x) for layer, x in zip(self.lateral, maps, strict=True)]
        if self.context:
            laterals = [blocks(x) for blocks, x in zip(self.context, laterals, strict=True)]
        for i in range(len(laterals) - 1, 0, -1):
            laterals[i - 1] = laterals[i - 1] + _enlarge(laterals[i], laterals[i - 1])
        levels = [layer(x) for layer, x in zip(self.smooth, laterals, strict=True)]
        levels = [levels[0]] + [_enlarge(x, levels[0]) for x in levels[1:]]
        return self.asf(levels) if self.asf is not None else torch.cat(levels, 1)
