"""Layers that several stages share."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.errors import ConfigError
from spotter.training.depthwise import DepthwiseConv2d


def conv_bn(
    in_channels: int,
    out_channels: int,
    kernel: int | tuple[int, int] = 3,
    stride: int | tuple[int, int] = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = nn.ReLU,
    padding: int | tuple[int, int] | None = None,
) -> nn.Sequential:
    """Convolution without bias, batch norm, and the activation if any.

    The default padding keeps the size at stride 1.
    """
    kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = (kernel[0] // 2, kernel[1] // 2) if padding is None else padding
    depthwise = 1 < groups == in_channels == out_channels
    layers: list[nn.Module] = [
        DepthwiseConv2d(groups, kernel, stride, padding)
        if depthwise
        else nn.Conv2d(
            in_channels, out_channels, kernel, stride, padding, groups=groups, bias=False
        ),
        nn.BatchNorm2d(out_channels),
    ]
    if activation is not None:
        layers.append(activation(inplace=True))
    return nn.Sequential(*layers)


def initialize_convolutions(module: nn.Module) -> None:
    """Normal weights with variance 2 / fan-out (He et al., ICCV 2015), zero biases."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            # torch counts the outputs of all groups in the fan-out; an input reaches one group.
            layer.weight.data.mul_(math.sqrt(layer.groups))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def sinusoid(length: int, channels: int, device: torch.device | None = None) -> Tensor:
    """Position codes (length, channels) of Vaswani et al. (NeurIPS 2017): sines, then cosines."""
    half = (channels + 1) // 2
    rates = torch.exp(torch.arange(half, device=device) * (-math.log(10000.0) / half))
    angles = torch.arange(length, device=device)[:, None] * rates[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :channels]


def attend(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al., NeurIPS 2017, equation 1).

    The fused kernel that torch has for CPUs takes several times as long as plain products in
    bfloat16 for as few tokens as a word has, so training in bfloat16 on a CPU goes without it.

    Args:
        q: Queries (N, heads, S, D).
        k: Keys (N, heads, T, D).
        v: Values (N, heads, T, D).
        allowed: Bool, broadcast to (N, heads, S, T): true where a query may attend.

    Returns:
        (N, heads, S, D).
    """
    if q.device.type != "cpu" or q.dtype != torch.bfloat16 or not q.requires_grad:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    if allowed is not None:
        scores = scores.masked_fill(~allowed, float("-inf"))
    return torch.matmul(scores.softmax(-1, dtype=torch.float32).to(v.dtype), v)


class DropPath(nn.Module):
    """Stochastic depth per sample (Huang et al., ECCV 2016)."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        """Zeroes whole samples while training and scales up the rest."""
        if not self.training or self.probability == 0.0:
            return x
        keep = 1.0 - self.probability
        kept = torch.rand((x.shape[0],) + (1,) * (x.dim() - 1), device=x.device) < keep
        return x * (kept / keep).to(x.dtype)


class TransformerLayer(nn.Module):
    """Pre-norm self-attention and MLP, both residual (Vaswani 2017; Xiong et al., ICML 2020).

    Args:
        channels: C of the tokens.
        heads: Attention heads.
        expansion: Width of the MLP relative to C.
        dropout: Dropout after attention and MLP.
        drop_path: Stochastic depth.

    Raises:
        ConfigError: If the heads do not divide the channels.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        expansion: float = 4.0,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if channels % heads:
            raise ConfigError(f"{heads} attention heads do not divide {channels} channels")
        hidden = int(channels * expansion)
        self.heads = heads
        self.attention_norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.mlp_norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, hidden)
        self.project = nn.Linear(hidden, channels)
        self.dropout = nn.Dropout(dropout)
        self.drop_path = DropPath(drop_path)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, S, C) to the same shape; ``mask`` (N, S) bool, true where tokens may attend."""
        n, s, c = tokens.shape
        qkv = self.qkv(self.attention_norm(tokens))
        q, k, v = qkv.view(n, s, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        allowed = None if mask is None else mask[:, None, None, :]
        mixed = attend(q, k, v, allowed)
        mixed = self.out(mixed.transpose(1, 2).reshape(n, s, c))
        tokens = tokens + self.drop_path(self.dropout(mixed))
        hidden = self.project(F.gelu(self.expand(self.mlp_norm(tokens))))
        return tokens + self.drop_path(self.dropout(hidden))
