"""A compact extractor that mixes locally by convolution first and globally by attention last.

The plan is SVTR's (Du et al., IJCAI 2022; SVTRv2, Du et al. 2024): a stem to a quarter of the
size, then stages that merge the height step by step and never the width. The layers are chosen
for accuracy per time on a CPU core: batch norm and ReLU (folded and fused at inference) wherever
the maps are large, layer norm and softmax only in the last stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.models.recognition.layers import (
    DropPath,
    TransformerLayer,
    conv_bn,
    initialize_convolutions,
)
from spotter.models.recognition.padding import column_mask
from spotter.registry import MODELS

MIXERS = ("conv", "local", "global")
HEAD_CHANNELS = 32
SIZES: dict[str, dict[str, tuple[Any, ...]]] = {
    "tiny": {"channels": (48, 96, 160, 224), "depths": (2, 3, 2, 2)},
    "small": {"channels": (64, 128, 224, 320), "depths": (2, 4, 3, 3)},
    "base": {"channels": (96, 192, 320, 448), "depths": (3, 6, 4, 6)},
}


class ConvBlock(nn.Module):
    """Residual pair of plain 3x3 convolutions (ResNet's basic block)."""

    def __init__(self, channels: int, drop_path: float) -> None:
        super().__init__()
        self.mix = conv_bn(channels, channels, 3)
        self.project = conv_bn(channels, channels, 3, activation=None)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same shape."""
        return F.relu(x + self.drop_path(self.project(self.mix(x))))


class LocalBlock(nn.Module):
    """Depthwise mixing of neighbours, then a channel MLP; both residual, batch norm throughout."""

    def __init__(
        self, channels: int, expansion: float, drop_path: float, kernel: tuple[int, int] = (3, 5)
    ) -> None:
        super().__init__()
        hidden = int(channels * expansion)
        self.mix = conv_bn(channels, channels, kernel, groups=channels, activation=None)
        self.expand = conv_bn(channels, hidden, 1)
        self.project = conv_bn(hidden, channels, 1, activation=None)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same shape."""
        x = x + self.mix(x)
        return x + self.drop_path(self.project(self.expand(x)))


def _block(mixer: str, channels: int, expansion: float, drop_path: float) -> nn.Module:
    if mixer == "conv":
        return ConvBlock(channels, drop_path)
    if mixer == "local":
        return LocalBlock(channels, expansion, drop_path)
    heads = max(1, channels // HEAD_CHANNELS)
    return TransformerLayer(channels, heads, expansion, drop_path=drop_path)


def _ends(block: nn.Module) -> list[Any]:
    """The layers whose outputs a block adds to what it was given."""
    if isinstance(block, TransformerLayer):
        return [block.out, block.project]
    if isinstance(block, LocalBlock):
        return [block.mix[-1], block.project[-1]]
    assert isinstance(block, ConvBlock)
    return [block.project[-1]]


@MODELS.register_module()
class CompactMixer(BaseModule):
    """Conv stem to stride 4, then stages that each halve the height: H/4, H/8, H/16, H/32.

    The width stays W/4. A 32x128 crop becomes 32 frames of height 1.

    Args:
        size: ``"tiny"``, ``"small"`` or ``"base"``; the other arguments override its values.
        channels: Channels of each stage.
        depths: Blocks of each stage.
        mixers: Kind of block of each stage: ``"conv"`` (two plain 3x3 convolutions), ``"local"``
            (depthwise convolution and MLP) or ``"global"`` (self-attention over the whole map).
            Default: local, and global in the last.
        expansion: Width of the MLPs relative to the channels.
        stem_channels: Channels at half size; default: half of the first stage's.
        drop_path: Stochastic depth of the last block; grows linearly from 0.
        zero_init_residual: Blocks start as the identity (Goyal et al., 2017). Blocks that are new
            beside those of loaded weights then change nothing at first, which is how a trained
            model is deepened (Net2Net, Chen et al., ICLR 2016).
        in_channels: Channels of the images.
        init_cfg: mmengine's initialisation, if any.

    Raises:
        ConfigError: If the size or a mixer is unknown, or the lists differ in length.
    """

    masks_padding = True

    def __init__(
        self,
        size: str = "tiny",
        channels: Sequence[int] | None = None,
        depths: Sequence[int] | None = None,
        mixers: Sequence[str] | None = None,
        expansion: float = 2.0,
        stem_channels: int | None = None,
        drop_path: float = 0.0,
        zero_init_residual: bool = False,
        in_channels: int = 3,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if size not in SIZES:
            raise ConfigError(f"CompactMixer has the sizes {', '.join(SIZES)}, not {size!r}")
        channels = tuple(channels or SIZES[size]["channels"])
        depths = tuple(depths or SIZES[size]["depths"])
        mixers = tuple(mixers or ("local",) * (len(channels) - 1) + ("global",))
        if not len(channels) == len(depths) == len(mixers):
            raise ConfigError("CompactMixer: channels, depths and mixers differ in length")
        if unknown := set(mixers) - set(MIXERS):
            raise ConfigError(f"CompactMixer has the mixers {', '.join(MIXERS)}, not {unknown}")
        stem_channels = stem_channels or channels[0] // 2
        self.out_channels = channels[-1]
        self.stem = nn.Sequential(
            conv_bn(in_channels, stem_channels, 3, 2), conv_bn(stem_channels, channels[0], 3, 2)
        )
        rates = torch.linspace(0, drop_path, sum(depths), device="cpu").tolist()
        self.merges = nn.ModuleList(
            conv_bn(narrow, wide, 3, (2, 1)) for narrow, wide in pairwise(channels)
        )
        self.stages = nn.ModuleList(
            nn.ModuleList(
                _block(mixer, width, expansion, rates[sum(depths[:i]) + j]) for j in range(depth)
            )
            for i, (width, depth, mixer) in enumerate(zip(channels, depths, mixers, strict=True))
        )
        self.norm = nn.LayerNorm(self.out_channels) if mixers[-1] == "global" else None
        initialize_convolutions(self)
        if zero_init_residual:
            blocks = (block for stage in self.stages for block in stage.children())
            for last in (layer for block in blocks for layer in _ends(block)):
                nn.init.zeros_(last.weight)
                nn.init.zeros_(last.bias)

    def forward(self, images: Tensor, valid_ratios: Tensor | None = None) -> Tensor:
        """Features (N, C, h, W/4) of images (N, 3, H, W), h = H / 2^(stages + 1).

        Args:
            images: W a multiple of 4, H of 2^(stages + 1).
            valid_ratios: (N,) share of each width that is not padding: attention looks there only.
        """
        x = self.stem(images)
        for i, stage in enumerate(self.stages):
            if i:
                x = self.merges[i - 1](x)
            x = self._mix(stage, x, valid_ratios)
        if self.norm is not None:
            x = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x

    def _mix(self, stage: nn.Module, x: Tensor, valid_ratios: Tensor | None) -> Tensor:
        blocks = list(stage.children())
        if not isinstance(blocks[0], TransformerLayer):
            for block in blocks:
                x = block(x)
            return x
        n, c, h, w = x.shape
        mask = None
        if valid_ratios is not None:
            mask = column_mask(valid_ratios.to(x.device), w).repeat(1, h)
        tokens = x.permute(0, 2, 3, 1).reshape(n, h * w, c)
        for block in blocks:
            tokens = block(tokens, mask)
        return tokens.view(n, h, w, c).permute(0, 3, 1, 2)
