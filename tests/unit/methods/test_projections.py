"""Heads: channels, norms, and the same perceptron on every frame."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spotter.errors import ConfigError
from spotter.methods.self_supervised.projections import FrameMLP, NormedMLP


def test_every_frame_is_projected_alike() -> None:
    head = FrameMLP(4, out_channels=3)
    frames = torch.randn(2, 7, 4)
    projected = head(frames)
    assert projected.shape == (2, 7, head.out_channels)
    assert torch.allclose(projected[:, 2], head(frames[:, 2:3])[:, 0], atol=1e-6)


def test_norms_between_the_layers() -> None:
    kinds = [type(layer) for layer in NormedMLP(4, 5, 6)]
    assert kinds == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear]
    projector = NormedMLP(4, 5, 6, last_norm=True)
    norm = projector[-1]
    assert isinstance(norm, nn.BatchNorm1d)
    assert not norm.affine
    output = projector(torch.randn(50, 4))
    assert torch.allclose(output.mean(0), torch.zeros(6), atol=1e-5)
    assert torch.allclose(output.std(0, correction=0), torch.ones(6), atol=1e-2)


def test_needs_two_sizes() -> None:
    with pytest.raises(ConfigError):
        NormedMLP(4)
