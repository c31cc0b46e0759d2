"""Joining views, and what a recipe saves for use."""

from __future__ import annotations

import torch
from torch import nn

from spotter.methods.base import encode_frames, freeze, join_views, run_progress
from tests.unit.methods.tiny import build, samples, two_views


def test_narrow_views_are_padded_and_say_so() -> None:
    wide, narrow = two_views(2, 64)["view0"], two_views(2, 48)["view0"]
    given = {"a": samples("x", "y"), "b": samples("x", "y", ratios=[1.0, 0.5])}
    images, joined = join_views({"a": wide, "b": narrow}, given, ("a", "b"))
    assert images.shape == (4, 3, 32, 64)
    assert torch.equal(images[2:, ..., :48], narrow)
    assert torch.all(images[2:, ..., 48:] == 0)
    assert [s.valid_ratio for s in joined] == [1.0, 1.0, 0.75, 0.375]
    assert [s.text for s in joined] == ["x", "y", "x", "y"]
    # The batch's own samples stay as they were.
    assert [s.valid_ratio for s in given["b"]] == [1.0, 0.5]


def test_frames_of_both_stages() -> None:
    recipe = build(type="SimCLR").eval()
    images = two_views()["view0"]
    visual, sequence = recipe.recognizer.encode(images)
    frames, mask = encode_frames(recipe.recognizer, images, None)
    assert mask is None
    assert torch.equal(frames, sequence)
    frames, mask = encode_frames(
        recipe.recognizer, images, samples(*"abcd", ratios=[1.0, 0.5, 0.25, 1.0]), "visual"
    )
    assert torch.allclose(frames, visual.mean(2).transpose(1, 2))
    assert mask is not None
    assert mask.sum(1).tolist() == [16, 8, 4, 16]


def test_freeze_passes_over_what_is_not_there() -> None:
    layer = nn.Linear(2, 2)
    freeze(None, layer)
    assert not any(p.requires_grad for p in layer.parameters())


def test_no_run_no_progress() -> None:
    assert 0.0 <= run_progress() <= 1.0
