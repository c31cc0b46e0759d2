"""Depthwise convolutions that also train well in bfloat16 on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DepthwiseConv2d(nn.Conv2d):
    """A convolution of each channel by itself (Howard et al., 2017), without bias.

    Under CPU autocast kernels larger than 3x3 are computed in float32: their backward pass in
    bfloat16 takes several times as long there. Weights and results are those of ``nn.Conv2d``.

    Args:
        channels: Of input and output.
        kernel: Height and width of the kernel; the padding keeps the size at stride 1.
        stride: Steps down and across.
        padding: Instead of half the kernel.
    """

    def __init__(
        self,
        channels: int,
        kernel: tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | None = None,
    ) -> None:
        padding = (kernel[0] // 2, kernel[1] // 2) if padding is None else padding
        super().__init__(channels, channels, kernel, stride, padding, groups=channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, h, w), in the type that autocast asks for."""
        if x.device.type != "cpu" or not self._slow() or not torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            result = super().forward(x.float())
        return result.to(torch.get_autocast_dtype("cpu"))

    def _slow(self) -> bool:
        return self.training and max(self.kernel_size) > 3
