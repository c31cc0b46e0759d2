"""MobileNetV3-small (Howard et al., ICCV 2019) with the strides of a text recognizer."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.models.recognition.layers import conv_bn, initialize_convolutions
from spotter.registry import MODELS

# Kernel, expansion, output, squeeze-and-excitation, hard-swish, stride (Table 2 of the paper,
# strides changed so that only the height shrinks after the second layer).
_BLOCKS: list[tuple[int, int, int, bool, bool, tuple[int, int]]] = [
    (3, 16, 16, True, False, (2, 2)),
    (3, 72, 24, False, False, (2, 1)),
    (3, 88, 24, False, False, (1, 1)),
    (5, 96, 40, True, True, (2, 1)),
    (5, 240, 40, True, True, (1, 1)),
    (5, 240, 40, True, True, (1, 1)),
    (5, 120, 48, True, True, (1, 1)),
    (5, 144, 48, True, True, (1, 1)),
    (5, 288, 96, True, True, (2, 1)),
    (5, 576, 96, True, True, (1, 1)),
    (5, 576, 96, True, True, (1, 1)),
]


def _scaled(channels: int, scale: float) -> int:
    """Channels times scale, rounded to a multiple of 8, at least 8."""
    return max(8, int(channels * scale + 4) // 8 * 8)


class SqueezeExcitation(nn.Module):
    """Channel gates from the column's mean over the height.

    The paper pools the whole map; a word's frames must not depend on its padding, and a column
    of text is the larger context that counts here.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = _scaled(channels, 0.25)
        self.squeeze = nn.Conv2d(channels, hidden, 1)
        self.excite = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to the same shape."""
        gates = x.mean(2, keepdim=True)
        return x * F.hardsigmoid(self.excite(F.relu(self.squeeze(gates))))


class InvertedResidual(nn.Module):
    """Expand, filter depthwise, gate, project; residual where the shapes agree."""

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        out_channels: int,
        kernel: int,
        gated: bool,
        hard_swish: bool,
        stride: tuple[int, int],
    ) -> None:
        super().__init__()
        activation = nn.Hardswish if hard_swish else nn.ReLU
        self.expand = conv_bn(in_channels, hidden, 1, activation=activation)
        self.filter = conv_bn(hidden, hidden, kernel, stride, hidden, activation)
        self.gate = SqueezeExcitation(hidden) if gated else nn.Identity()
        self.project = conv_bn(hidden, out_channels, 1, activation=None)
        self.residual = stride == (1, 1) and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) to (N, C', h/stride, w/stride)."""
        y = self.project(self.gate(self.filter(self.expand(x))))
        return x + y if self.residual else y


@MODELS.register_module()
class MobileNetV3Features(BaseModule):
    """(N, 3, H, W) to (N, C, H/32, W/4).

    Args:
        scale: Width multiplier of all layers but the last.
        out_channels: C.
        in_channels: Channels of the images.
        init_cfg: mmengine's initialisation, if any.
    """

    def __init__(
        self,
        scale: float = 1.0,
        out_channels: int = 288,
        in_channels: int = 3,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.out_channels = out_channels
        width = _scaled(16, scale)
        layers: list[nn.Module] = [conv_bn(in_channels, width, 3, 2, activation=nn.Hardswish)]
        for kernel, hidden, out, gated, hard_swish, stride in _BLOCKS:
            hidden, out = _scaled(hidden, scale), _scaled(out, scale)
            layers.append(InvertedResidual(width, hidden, out, kernel, gated, hard_swish, stride))
            width = out
        layers.append(conv_bn(width, out_channels, 1, activation=nn.Hardswish))
        self.layers = nn.Sequential(*layers)
        initialize_convolutions(self)

    def forward(self, images: Tensor) -> Tensor:
        """Features (N, C, H/32, W/4) of images (N, 3, H, W)."""
        return self.layers(images)
