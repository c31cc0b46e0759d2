"""SeqCLR around a tiny recognizer: what enters its loss, and what it leaves alone."""

from __future__ import annotations

import math

import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods.self_supervised.contrastive import nt_xent
from tests.unit.methods.tiny import build, gradients, samples, total, two_views

WINDOW = {"type": "WindowToInstance", "windows": 5}
MLP = {"type": "FrameMLP", "out_channels": 6}


@pytest.mark.parametrize(
    ("projection", "channels"),
    [
        (None, 8),
        (MLP, 6),
        ({"type": "BiLSTM", "hidden_channels": 5, "num_layers": 1}, 5),
    ],
)
def test_projection_heads(projection: dict | None, channels: int) -> None:
    recipe = build(type="SeqCLR", mapping=WINDOW, projection=projection)
    first, second = recipe.instances(torch.randn(6, 16, 8), None)
    assert first.shape == second.shape == (15, channels)


def test_identical_views_and_a_collapsed_encoder() -> None:
    recipe = build(type="SeqCLR", mapping=WINDOW)
    recipe.eval()
    views = two_views(3)
    with torch.no_grad():
        for parameter in recipe.recognizer.sequence_modeling.parameters():
            parameter.zero_()
        recipe.recognizer.sequence_modeling.linear[0].bias.fill_(1.0)
    loss = recipe(views, None, "loss")["loss_contrastive"]
    assert float(loss) == pytest.approx(math.log(2 * 3 * 5 - 1), abs=1e-4)


def test_padding_does_not_reach_the_loss() -> None:
    recipe = build(type="SeqCLR", mapping=WINDOW, projection=MLP)
    recipe.eval()
    with torch.no_grad():
        frames = torch.randn(4, 16, 8)
        mask = torch.arange(16)[None] < torch.tensor([16, 9, 12, 16])[:, None]
        clean = nt_xent(*recipe.instances(frames, mask))
        poisoned = nt_xent(*recipe.instances(frames.masked_fill(~mask[..., None], 1e5), mask))
    assert float(clean) == pytest.approx(float(poisoned), rel=1e-5)


def test_views_of_different_widths_are_joined() -> None:
    recipe = build(type="SeqCLR", mapping={"type": "FrameToInstance"})
    views = {"view0": two_views(2, 64)["view0"], "view1": two_views(2, 48)["view1"]}
    seen = []
    recipe.monitor = lambda instances: seen.append(instances.shape) or {}
    assert torch.isfinite(recipe(views, {}, "loss")["loss_contrastive"])
    # 48 pixels have 12 frames; the other four exist in one view only.
    assert seen == [(24, 8)]


@pytest.mark.parametrize("stage", ["sequence", "visual"])
def test_only_the_encoder_and_the_head_learn(stage: str) -> None:
    recipe = build(type="SeqCLR", mapping=WINDOW, projection=MLP, stage=stage)
    recipe.train()
    total(recipe(two_views(), {}, "loss")).backward()
    learned = gradients(recipe)
    assert any(name.startswith("projection.") for name in learned)
    assert any(name.startswith("recognizer.feature_extraction.") for name in learned)
    assert any("sequence_modeling" in name for name in learned) == (stage == "sequence")
    asked = {name for name, p in recipe.named_parameters() if p.requires_grad}
    assert not any("prediction" in name for name in asked)
    # Nothing that distributed training would wait for in vain.
    assert asked == {n for n, p in recipe.named_parameters() if p.grad is not None}


def test_joint_supervision_on_the_labelled_samples_only() -> None:
    recipe = build(type="SeqCLR", mapping=WINDOW, projection=MLP, supervised_weight=2.0)
    recipe.eval()
    views = two_views(3)
    half = {name: images[:2] for name, images in views.items()}
    mixed = samples("ab", "c", None)
    losses = recipe(views, {"view0": mixed, "view1": mixed}, "loss")
    labelled = recipe(half, {"view0": mixed[:2], "view1": mixed[:2]}, "loss")
    assert float(losses["loss_ctc"]) == pytest.approx(float(labelled["loss_ctc"]), rel=1e-5)
    both = torch.cat([half["view0"], half["view1"]])
    plain = recipe.recognizer(both, mixed[:2] * 2, "loss")["loss_ctc"]
    assert float(losses["loss_ctc"]) == pytest.approx(2 * float(plain), rel=1e-5)
    unlabelled = recipe(views, {name: samples(None, None, None) for name in views}, "loss")
    assert float(unlabelled["loss_ctc"]) == 0.0


def test_predicts_with_the_bare_recognizer() -> None:
    recipe = build(type="SeqCLR", mapping=WINDOW, projection=MLP)
    recipe.eval()
    images = two_views()["view0"]
    assert torch.equal(recipe(images), recipe.recognizer(images))
    assert [s.text for s in recipe(images, samples(*"abcd"), "predict")] == list("abcd")


def test_errors_say_what_is_missing() -> None:
    with pytest.raises(ConfigError, match="stage"):
        build(type="SeqCLR", mapping=WINDOW, stage="third")
    with pytest.raises(ConfigError, match="temperature"):
        build(type="SeqCLR", mapping=WINDOW, temperature=0.0)
    recipe = build(type="SeqCLR", mapping=WINDOW)
    with pytest.raises(ConfigError, match="MultiBranch"):
        recipe(two_views()["view0"], None, "loss")
    with pytest.raises(ConfigError, match="no branch view1"):
        recipe({"view0": two_views()["view0"]}, None, "loss")
