"""Shared layers by hand."""

import math

import pytest
import torch
from torch import nn

from spotter.errors import ConfigError
from spotter.models.recognition.layers import (
    DropPath,
    TransformerLayer,
    attend,
    initialize_convolutions,
    sinusoid,
)


def test_sinusoid_by_hand() -> None:
    codes = sinusoid(2, 4)
    expected = [[0, 0, 1, 1], [math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01)]]
    torch.testing.assert_close(codes, torch.tensor(expected))


def test_drop_path_keeps_the_mean_and_does_nothing_in_evaluation() -> None:
    torch.manual_seed(0)
    layer = DropPath(0.25)
    x = torch.ones(4000, 1)
    dropped = layer(x)
    assert set(dropped.flatten().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}
    assert abs(dropped.mean().item() - 1.0) < 0.05
    assert layer.eval()(x) is x


def test_transformer_layer_ignores_masked_tokens() -> None:
    torch.manual_seed(0)
    layer = TransformerLayer(8, 2).eval()
    tokens = torch.randn(1, 3, 8)
    padded = torch.cat([tokens, torch.full((1, 2, 8), 50.0)], 1)
    mask = torch.tensor([[True, True, True, False, False]])
    torch.testing.assert_close(layer(padded, mask)[:, :3], layer(tokens))


@pytest.mark.parametrize("masked", [False, True])
def test_attention_in_bfloat16_is_that_of_the_fused_kernel(masked: bool) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, 5, 8).bfloat16() for _ in range(3))
    allowed = torch.tensor([True, False, True, True, False])[None, None, None] if masked else None
    gradients = []
    for dtype in (torch.bfloat16, torch.float32):
        tensors = [t.detach().to(dtype, copy=True).requires_grad_() for t in (q, k, v)]
        mixed = attend(*tensors, allowed)
        mixed.square().sum().backward()
        gradients.append([mixed.detach(), *(t.grad for t in tensors)])
    for got, wanted in zip(*gradients, strict=True):
        assert (got.float() - wanted).norm() < 0.02 * wanted.norm()


def test_transformer_layer_refuses_heads_that_do_not_divide() -> None:
    with pytest.raises(ConfigError, match="3 attention heads"):
        TransformerLayer(8, 3)


@pytest.mark.parametrize("groups", [1, 64])
def test_convolutions_start_with_two_over_fan_out(groups: int) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(64, 64, 3, groups=groups)
    initialize_convolutions(conv)
    fan_out = 9 * 64 / groups
    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / fan_out), rel=0.1)
    assert not conv.bias.any()
