"""ResNet backbones on torchvision, with deformable convolutions as an option."""

from __future__ import annotations

from typing import Any

import torch
import torchvision
from mmengine.model import BaseModule
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from spotter.errors import ConfigError
from spotter.registry import MODELS

_CHANNELS = {18: (64, 128, 256, 512), 50: (256, 512, 1024, 2048)}


class ModulatedDeformConv2d(nn.Module):
    """3x3 convolution with learned offsets and weights per position (Zhu et al., DCNv2, CVPR 2019).

    Offsets start at zero and the modulation at one half, so a fresh layer is an ordinary
    convolution with half its weights.

    Args:
        conv: The ordinary convolution that it replaces, whose weights it takes over. It is square:
            kernel, stride and dilation are one number each, and it keeps the size.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.weight, self.bias = conv.weight, conv.bias
        self.stride, self.padding, self.dilation = conv.stride, conv.padding, conv.dilation
        kernel, stride, dilation = conv.kernel_size[0], conv.stride[0], conv.dilation[0]
        padding = dilation * (kernel // 2)
        self.points = kernel * kernel
        self.offset = nn.Conv2d(
            conv.in_channels, 3 * self.points, kernel, stride, padding, dilation
        )
        for parameter in self.offset.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H / stride, W / stride)."""
        offset, mask = self.offset(x).float().split([2 * self.points, self.points], 1)
        out = deform_conv2d(
            x.float(),
            offset,
            self.weight.float(),
            None if self.bias is None else self.bias.float(),
            self.stride,
            self.padding,
            self.dilation,
            mask.sigmoid(),
        )
        return out.to(x.dtype)


@MODELS.register_module()
class ResNet(BaseModule):
    """torchvision's ResNet without its classifier; gives strides 4, 8, 16 and 32.

    Args:
        depth: 18 or 50.
        deformable: Modulated deformable 3x3 convolutions in the last three stages (DBNet's
            ``-dcn`` networks).
        pretrained: Download torchvision's ImageNet weights; nothing is downloaded without it.

    Raises:
        ConfigError: Another depth, or weights that cannot be downloaded.
    """

    def __init__(
        self,
        depth: int = 18,
        deformable: bool = False,
        pretrained: bool = False,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if depth not in _CHANNELS:
            raise ConfigError(f"depth must be one of {sorted(_CHANNELS)}, not {depth}")
        network = _build_network(depth, pretrained)
        self.stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
        self.stages = nn.ModuleList(
            [network.layer1, network.layer2, network.layer3, network.layer4]
        )
        self.out_channels = list(_CHANNELS[depth])
        if deformable:
            for stage in self.stages[1:]:
                for block in stage.children():
                    name = "conv2"  # the 3x3 of both block kinds that keeps the stage's width
                    setattr(block, name, ModulatedDeformConv2d(getattr(block, name)))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) -> four maps of strides 4, 8, 16 and 32."""
        x = self.stem(x)
        maps: list[torch.Tensor] = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return tuple(maps)


def _build_network(depth: int, pretrained: bool) -> torchvision.models.ResNet:
    """torchvision's network, with its ImageNet weights if they are asked for."""
    weights = "DEFAULT" if pretrained else None
    try:
        return torchvision.models.get_model(f"resnet{depth}", weights=weights)
    except OSError as error:
        # urllib's errors are OSErrors, too.
        raise ConfigError(
            f"the ImageNet weights of resnet{depth} cannot be downloaded ({error}); train without"
            " them by --cfg-options model.backbone.pretrained=False, or load others by load_from"
        ) from None
