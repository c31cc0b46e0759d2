"""Context prediction: where the patches lie, and that they are the right pixels."""

from __future__ import annotations

import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods.self_supervised.context_prediction import POSITIONS, drop_colors, take_patches
from spotter.structures import TextRecSample
from tests.unit.methods.tiny import build, gradients, total

CROPS = (400, 3, 56, 120)


def test_eight_neighbours() -> None:
    assert len(set(POSITIONS)) == 8
    assert (0, 0) not in POSITIONS


def test_neighbours_lie_where_the_label_says() -> None:
    recipe = build(type="ContextPrediction")
    labels = torch.arange(CROPS[0]) % 8
    anchors, neighbours = recipe.corners(torch.zeros(CROPS), labels, None)
    down, right = torch.tensor(POSITIONS)[labels].unbind(1)
    for corners in (anchors, neighbours):
        assert corners.min() >= 0
        assert corners[:, 0].max() <= 56 - 24
        assert corners[:, 1].max() <= 120 - 24
    offset = neighbours - anchors
    # Columns are 32 apart, each of two patches shifted by up to 3; rows by up to 3 inward.
    assert ((offset[:, 1] - 32 * right).abs() <= 6).all()
    assert torch.equal(offset[:, 0].div(16).round().sign().long(), down)
    # Two patches never touch: the gap of 8 is at least 2.
    assert (offset.abs().amax(1) >= 26).all()
    # The anchor's row is free where the neighbour is in the same one.
    rows = anchors[down == 0, 0] > 16
    assert 0.25 < rows.float().mean() < 0.75


def test_patches_keep_off_the_padding() -> None:
    recipe = build(type="ContextPrediction")
    labels = torch.arange(CROPS[0]) % 8
    anchors, neighbours = recipe.corners(torch.zeros(CROPS), labels, torch.full((400,), 0.6))
    assert max(anchors[:, 1].max(), neighbours[:, 1].max()) <= 72 - 24


def test_pixels_of_a_patch() -> None:
    images = torch.arange(2 * 3 * 6 * 7.0).reshape(2, 3, 6, 7)
    corners = torch.tensor([[1, 2], [3, 0]])
    patches = take_patches(images, corners, 3)
    assert torch.equal(patches[0], images[0, :, 1:4, 2:5])
    assert torch.equal(patches[1], images[1, :, 3:6, 0:3])


def test_dropped_colors_leave_one_channel() -> None:
    torch.manual_seed(0)
    patches = torch.randn(20, 3, 8, 8)
    changed = drop_colors(patches, 1.0)
    kept = (changed == patches).flatten(2).all(2)
    assert kept.sum(1).tolist() == [1] * 20
    assert changed[~kept].std(dim=(1, 2)).max() < 0.05
    assert torch.equal(drop_colors(patches, 0.0), patches)


def test_trains_the_encoder_on_positions() -> None:
    recipe = build(type="ContextPrediction", hidden_channels=16)
    recipe.train()
    batch = {"crop": torch.randn(6, 3, 56, 96)}
    losses = recipe(batch, {"crop": [TextRecSample()] * 6}, "loss")
    assert 0.0 <= float(losses["accuracy"]) <= 1.0
    total(losses).backward()
    learned = gradients(recipe)
    assert any(name.startswith("recognizer.sequence_modeling") for name in learned)
    assert any(name.startswith("classifier.") for name in learned)


def test_errors_name_the_sizes() -> None:
    with pytest.raises(ConfigError, match="closes"):
        build(type="ContextPrediction", gap=6, jitter=3)
    recipe = build(type="ContextPrediction")
    with pytest.raises(ConfigError, match="62x56"):
        recipe({"crop": torch.zeros(1, 3, 56, 60)}, {}, "loss")
