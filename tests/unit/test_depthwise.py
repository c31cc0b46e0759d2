"""Depthwise convolutions are torch's, also where they leave bfloat16."""

import pytest
import torch
from torch import nn

from spotter.training.depthwise import DepthwiseConv2d


@pytest.mark.parametrize(("kernel", "stride"), [((3, 3), 1), ((5, 5), 2), ((3, 5), (2, 1))])
def test_values_and_gradients_are_those_of_torch(kernel: tuple[int, int], stride: int) -> None:
    torch.manual_seed(0)
    ours = DepthwiseConv2d(4, kernel, stride)
    padding = (kernel[0] // 2, kernel[1] // 2)
    plain = nn.Conv2d(4, 4, kernel, stride, padding, groups=4, bias=False)
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(2, 4, 9, 12)
    for layer in (ours, plain):
        layer(x).square().sum().backward()
    torch.testing.assert_close(ours(x), plain(x))
    torch.testing.assert_close(ours.weight.grad, plain.weight.grad)


def test_large_kernels_train_in_float32_and_answer_in_bfloat16() -> None:
    torch.manual_seed(0)
    layer = DepthwiseConv2d(4, (3, 5))
    x = torch.randn(2, 4, 6, 6)
    with torch.autocast("cpu", torch.bfloat16):
        trained = layer(x)
        layer.eval()
        evaluated = layer(x)
    exact = layer(x)
    assert trained.dtype == evaluated.dtype == torch.bfloat16
    # Only the result was rounded, not the factors.
    assert torch.equal(trained, exact.bfloat16())
    assert not torch.equal(evaluated, exact.bfloat16())
