"""The seven convolutions of CRNN (Shi et al., TPAMI 2017)."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.models.recognition.layers import initialize_convolutions
from spotter.registry import MODELS


def _conv(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, out_channels, 3, 1, 1), nn.ReLU(inplace=True)]


def _conv_bn(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 3, 1, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


@MODELS.register_module()
class VGGFeatures(BaseModule):
    """(N, 3, 32, W) to (N, C, 1, W/4 - 1).

    Args:
        out_channels: C, a multiple of 8; the earlier layers have C/8, C/4 and C/2.
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
        c1, c2, c3, c4 = (out_channels // d for d in (8, 4, 2, 1))
        self.layers = nn.Sequential(
            *_conv(in_channels, c1),
            nn.MaxPool2d(2),
            *_conv(c1, c2),
            nn.MaxPool2d(2),
            *_conv(c2, c3),
            *_conv(c3, c3),
            nn.MaxPool2d((2, 1)),
            *_conv_bn(c3, c4),
            *_conv_bn(c4, c4),
            nn.MaxPool2d((2, 1)),
            nn.Conv2d(c4, c4, 2),
            nn.ReLU(inplace=True),
        )
        initialize_convolutions(self)

    def forward(self, images: Tensor) -> Tensor:
        """Features (N, C, H/16 - 1, W/4 - 1) of images (N, 3, H, W)."""
        return self.layers(images)
