"""MobileNetV3-Large backbone (Howard et al., "Searching for MobileNetV3", ICCV 2019)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn

from spotter.errors import WeightsError
from spotter.registry import MODELS
from spotter.training.depthwise import DepthwiseConv2d

# kernel, expansion, output, squeeze-and-excitation, hard-swish, stride (table 1 of the paper)
_LARGE = [
    (3, 16, 16, False, False, 1),
    (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1),
    (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 480, 112, True, True, 1),
    (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2),
    (5, 960, 160, True, True, 1),
    (5, 960, 160, True, True, 1),
]
_STAGE_ENDS = (2, 5, 11, 14)  # blocks after which strides 4, 8, 16 and 32 are complete


def make_divisible(value: float, divisor: int = 8) -> int:
    """The multiple of ``divisor`` nearest to ``value``, never more than 10 % below it."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class SqueezeExcite(nn.Module):
    """Channel attention; ``hard_sigmoid(x) = clip(slope * x + 0.5, 0, 1)``.

    Args:
        channels: Channels of the map.
        squeezed: Channels of the bottleneck.
        slope: 0.2 in PaddlePaddle's networks, 1/6 in torchvision's.
    """

    def __init__(self, channels: int, squeezed: int, slope: float) -> None:
        super().__init__()
        self.slope = slope
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        gate = x.mean((2, 3), keepdim=True)
        gate = self.expand(torch.relu(self.reduce(gate)))
        return x * torch.clamp(self.slope * gate + 0.5, 0, 1)


def _conv_bn(
    c_in: int, c_out: int, kernel: int, stride: int, groups: int, act: str | None, eps: float
) -> nn.Sequential:
    layers: list[nn.Module] = [
        DepthwiseConv2d(groups, (kernel, kernel), stride)
        if groups > 1
        else nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(c_out, eps=eps),
    ]
    if act == "relu":
        layers.append(nn.ReLU(inplace=True))
    elif act == "hardswish":
        layers.append(nn.Hardswish(inplace=True))
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Expand (1x1), filter (depthwise), squeeze-and-excite, project (1x1), add.

    Args:
        c_in: Input channels.
        c_exp: Channels of the expansion.
        c_out: Output channels.
        kernel: Side of the depthwise kernel.
        stride: Stride of the depthwise convolution.
        squeezed: Bottleneck of the squeeze-and-excitation; 0 leaves it out.
        act: ``"relu"`` or ``"hardswish"``.
        slope: Slope of the hard sigmoid.
        eps: Of the batch norms.
        expand_always: Keep the 1x1 expansion where it does not expand (PaddlePaddle does).
    """

    def __init__(
        self,
        c_in: int,
        c_exp: int,
        c_out: int,
        kernel: int,
        stride: int,
        squeezed: int,
        act: str,
        slope: float,
        eps: float,
        expand_always: bool,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        if expand_always or c_exp != c_in:
            layers.append(_conv_bn(c_in, c_exp, 1, 1, 1, act, eps))
        layers.append(_conv_bn(c_exp, c_exp, kernel, stride, c_exp, act, eps))
        if squeezed:
            layers.append(SqueezeExcite(c_exp, squeezed, slope))
        layers.append(_conv_bn(c_exp, c_out, 1, 1, 1, None, eps))
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        """(N, c_in, H, W) -> (N, c_out, H / stride, W / stride)."""
        out = self.layers(x)
        return x + out if self.residual else out


@MODELS.register_module()
class MobileNetV3Large(BaseModule):
    """MobileNetV3-Large without its classifier; gives strides 4, 8, 16 and 32.

    Two published variants differ in details that pretrained weights depend on. ``"paddle"``:
    hard-sigmoid slope 0.2, squeeze to ``expansion // 4``, batch-norm eps 1e-5, a 1x1 expansion in
    every block; ``"torchvision"``: slope 1/6, squeeze rounded to multiples of 8, eps 1e-3.

    Args:
        scale: Width multiplier, 0.5 or 1.0.
        variant: ``"paddle"`` or ``"torchvision"``.
        pretrained: ``None``; a path to the ``.npz`` of PaddlePaddle's ImageNet weights (names
            ``conv{1..16}_...``); or ``"torchvision"`` to download torchvision's (scale 1.0 only).
        last_conv: Whether stride 32 ends with the 1x1 convolution to ``960 * scale`` channels.
        frozen_blocks: The stem and this many blocks keep their weights and statistics. Two of them
            hold a third of a training step on a CPU, for they work at half the input's size.
        norm_eval: All batch norms keep their statistics (not their weights) while training.
    """

    def __init__(
        self,
        scale: float = 0.5,
        variant: str = "paddle",
        pretrained: str | None = None,
        last_conv: bool = True,
        frozen_blocks: int = 0,
        norm_eval: bool = False,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        paddle = variant == "paddle"
        slope, eps = (0.2, 1e-5) if paddle else (1 / 6, 1e-3)
        width = make_divisible(16 * scale)
        self.stem = _conv_bn(3, width, 3, 2, 1, "hardswish", eps)
        self.blocks = nn.ModuleList()
        self.out_channels: list[int] = []
        for i, (kernel, exp, out, se, swish, stride) in enumerate(_LARGE):
            c_exp, c_out = make_divisible(exp * scale), make_divisible(out * scale)
            squeezed = (c_exp // 4 if paddle else make_divisible(c_exp // 4)) if se else 0
            act = "hardswish" if swish else "relu"
            self.blocks.append(
                InvertedResidual(
                    width, c_exp, c_out, kernel, stride, squeezed, act, slope, eps, paddle
                )
            )
            width = c_out
            if i in _STAGE_ENDS:
                self.out_channels.append(width)
        self.last: nn.Module = nn.Identity()
        if last_conv:
            last = make_divisible(960 * scale)
            self.last = _conv_bn(width, last, 1, 1, 1, "hardswish", eps)
            self.out_channels[-1] = last
        if pretrained is not None:
            self._load_pretrained(pretrained)
        self.norm_eval = norm_eval
        self.frozen = [self.stem, *self.blocks[:frozen_blocks]] if frozen_blocks else []
        for module in self.frozen:
            module.requires_grad_(False)

    def train(self, mode: bool = True) -> MobileNetV3Large:
        """Like ``nn.Module.train``, but frozen blocks stay in evaluation mode."""
        super().train(mode)
        for module in self.frozen:
            module.eval()
        if self.norm_eval:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) -> four maps of strides 4, 8, 16 and 32."""
        x = self.stem(x)
        maps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in _STAGE_ENDS:
                maps.append(x)
        maps[-1] = self.last(maps[-1])
        return tuple(maps)

    def _load_pretrained(self, source: str) -> None:
        if source == "torchvision":
            from torchvision.models import MobileNet_V3_Large_Weights, mobilenet_v3_large

            features = mobilenet_v3_large(weights=MobileNet_V3_Large_Weights.IMAGENET1K_V2).features
            # Both networks list their layers in the order of the forward pass.
            values = list(features.state_dict().values())
        else:
            if not Path(source).is_file():
                raise WeightsError(f"{source}: no such file with ImageNet weights")
            values = self._read_paddle(source)
        own = self.state_dict()
        if [tuple(v.shape) for v in own.values()] != [tuple(v.shape) for v in values]:
            raise WeightsError(f"{source}: these weights do not fit this MobileNetV3-Large")
        self.load_state_dict(dict(zip(own, values, strict=True)))
        print_log(f"backbone starts from {source}", "current")

    def _read_paddle(self, path: str) -> list[Tensor]:
        """The arrays of PaddlePaddle's file in the order of our state dict."""
        values: list[Tensor] = []
        with np.load(path) as file:

            def conv(name: str) -> None:
                values.append(torch.from_numpy(file[f"{name}_weights"]))
                for part in ("scale", "offset", "mean", "variance"):
                    values.append(torch.from_numpy(file[f"{name}_bn_{part}"]))
                values.append(torch.tensor(0))

            conv("conv1")
            for i, (_, _, _, se, _, _) in enumerate(_LARGE, start=2):
                conv(f"conv{i}_expand")
                conv(f"conv{i}_depthwise")
                if se:
                    for layer in ("se_1", "se_2"):
                        values.append(torch.from_numpy(file[f"conv{i}_{layer}_weights"]))
                        values.append(torch.from_numpy(file[f"conv{i}_{layer}_offset"]))
                conv(f"conv{i}_linear")
            if not isinstance(self.last, nn.Identity):
                conv("conv_last")
        return values
