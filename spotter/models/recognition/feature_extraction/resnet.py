"""Two residual extractors: ResNet-29 of FAN and TRBA, and ResNet-45 of ABINet."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.models.recognition.layers import conv_bn, initialize_convolutions
from spotter.registry import MODELS


class BasicBlock(nn.Module):
    """Two convolutions with a shortcut (He et al., CVPR 2016).

    Args:
        in_channels: Channels in.
        channels: Channels out.
        stride: Of the second convolution where ``kernel`` is 1, else of the first.
        kernel: Of the first convolution.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1, kernel: int = 3) -> None:
        super().__init__()
        first, second = (stride, 1) if kernel == 3 else (1, stride)
        self.conv1 = conv_bn(in_channels, channels, kernel, first)
        self.conv2 = conv_bn(channels, channels, 3, second, activation=None)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or in_channels != channels:
            self.shortcut = conv_bn(in_channels, channels, 1, stride, activation=None)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to (N, C', h/stride, w/stride)."""
        return F.relu(self.conv2(self.conv1(x)) + self.shortcut(x))


def _stage(
    in_channels: int, channels: int, depth: int, stride: int = 1, kernel: int = 3
) -> nn.Sequential:
    blocks = [BasicBlock(in_channels, channels, stride, kernel)]
    blocks += [BasicBlock(channels, channels, 1, kernel) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


@MODELS.register_module()
class ResNet29(BaseModule):
    """(N, 3, 32, W) to (N, C, 1, W/4 + 1) (FAN, Cheng et al., ICCV 2017; Baek et al., ICCV 2019).

    Args:
        out_channels: C, a multiple of 16.
        in_channels: Channels of the images.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(
        self,
        out_channels: int = 512,
        in_channels: int = 3,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.out_channels = out_channels
        c0, c1, c2, c3, c4 = (out_channels // d for d in (16, 8, 4, 2, 1))
        self.layers = nn.Sequential(
            conv_bn(in_channels, c0),
            conv_bn(c0, c1),
            nn.MaxPool2d(2),
            _stage(c1, c2, 1),
            conv_bn(c2, c2),
            nn.MaxPool2d(2),
            _stage(c2, c3, 2),
            conv_bn(c3, c3),
            nn.MaxPool2d(2, (2, 1), (0, 1)),
            _stage(c3, c4, 5),
            conv_bn(c4, c4),
            _stage(c4, c4, 3),
            conv_bn(c4, c4, 2, (2, 1), padding=(0, 1)),
            conv_bn(c4, c4, 2, 1, padding=0),
        )
        initialize_convolutions(self)

    def forward(self, images: Tensor) -> Tensor:
        """Features (N, C, H/16 - 1, W/4 + 1) of images (N, 3, H, W)."""
        return self.layers(images)


@MODELS.register_module()
class ResNet45(BaseModule):
    """(N, 3, H, W) to (N, C, H/4, W/4) (ABINet, Fang et al., CVPR 2021).

    Five stages of 3, 4, 6, 6 and 3 blocks; a block is a 1x1 and a 3x3 convolution.

    Args:
        out_channels: C, a multiple of 16; the stages have C/16, C/8, C/4, C/2 and C.
        in_channels: Channels of the images.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(
        self,
        out_channels: int = 512,
        in_channels: int = 3,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.out_channels = out_channels
        widths = [out_channels // d for d in (16, 8, 4, 2, 1)]
        stages: list[nn.Module] = [conv_bn(in_channels, widths[0])]
        previous = widths[0]
        for width, depth, stride in zip(widths, (3, 4, 6, 6, 3), (2, 1, 2, 1, 1), strict=True):
            stages.append(_stage(previous, width, depth, stride, kernel=1))
            previous = width
        self.layers = nn.Sequential(*stages)
        initialize_convolutions(self)

    def forward(self, images: Tensor) -> Tensor:
        """Features (N, C, H/4, W/4) of images (N, 3, H, W)."""
        return self.layers(images)
