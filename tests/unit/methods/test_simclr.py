"""The image-level control."""

from __future__ import annotations

import pytest
import torch

from tests.unit.methods.tiny import build, gradients, samples, total, two_views


def test_projects_one_vector_per_crop() -> None:
    recipe = build(type="SimCLR", out_channels=7)
    seen = []
    recipe.monitor = lambda instances: seen.append(instances.shape) or {}
    total(recipe(two_views(3), {}, "loss")).backward()
    assert seen == [(3, 7)]
    assert any(name.startswith("recognizer.sequence_modeling") for name in gradients(recipe))


def test_knows_nothing_of_the_order_of_frames() -> None:
    recipe = build(type="SimCLR", stage="visual")
    frames = torch.randn(4, 16, 8)
    pooled = recipe.pooling(frames)[0]
    assert torch.allclose(pooled, recipe.pooling(frames.flip(1))[0], atol=1e-6)


def test_padding_stays_out_of_the_mean() -> None:
    recipe = build(type="SimCLR", stage="visual")
    recipe.eval()
    narrow = two_views(2, 32)
    padded = {k: torch.nn.functional.pad(v, (0, 32)) for k, v in narrow.items()}
    ratios = {k: samples(None, None, ratios=[0.5, 0.5]) for k in padded}
    with torch.no_grad():
        # Convolutions see the border of the padding, the mean does not: close, and not equal.
        close = float(recipe(padded, ratios, "loss")["loss_contrastive"])
        exact = float(recipe(narrow, {}, "loss")["loss_contrastive"])
        ignored = recipe.pooling(torch.full((1, 4, 8), 2.0), torch.tensor([[True] * 4]))[0]
    assert close == pytest.approx(exact, abs=0.05)
    assert torch.all(ignored == 2.0)
