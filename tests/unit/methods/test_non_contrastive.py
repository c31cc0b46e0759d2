"""SimSiam and BYOL: symmetric losses, stop-gradients, and the target that follows."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub

from tests.unit.methods.tiny import build, gradients, total, two_views

SIMSIAM = {"type": "SimSiam", "channels": 12, "predictor_channels": 4}
BYOL = {"type": "BYOL", "channels": 12, "out_channels": 6, "momentum": 0.9}
MAPPINGS = [None, {"type": "WindowToInstance", "windows": 5}]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_simsiam_stops_the_gradient_at_the_targets(mapping: dict | None) -> None:
    recipe = build(**SIMSIAM, mapping=mapping)
    recipe.train()
    with torch.no_grad():
        # A predictor that forgets its input: what is left would flow through the targets.
        recipe.predictor[-1].weight.zero_()
        recipe.predictor[-1].bias.fill_(1.0)
    total(recipe(two_views(), {}, "loss")).backward()
    assert gradients(recipe.predictor)
    assert gradients(recipe.projector) == []
    assert gradients(recipe.recognizer) == []


def test_simsiam_loss_is_the_mean_of_both_directions() -> None:
    recipe = build(**SIMSIAM)
    recipe.eval()
    views = two_views(3)
    with torch.no_grad():
        _, frames = recipe.recognizer.encode(torch.cat([views["view0"], views["view1"]]))
        z = recipe.projector(frames.mean(1))
        p = recipe.predictor(z)
        first = F.cosine_similarity(p[:3], z[3:]).mean()
        second = F.cosine_similarity(p[3:], z[:3]).mean()
        loss = recipe(views, {}, "loss")["loss_similarity"]
    assert float(loss) == pytest.approx(-(float(first) + float(second)) / 2, rel=1e-5)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_byol_learns_online_only(mapping: dict | None) -> None:
    recipe = build(**BYOL, mapping=mapping)
    recipe.train()
    total(recipe(two_views(), {}, "loss")).backward()
    learned = gradients(recipe)
    assert any(name.startswith("recognizer.feature_extraction") for name in learned)
    assert any(name.startswith("projector.") for name in learned)
    assert not any(name.startswith("target.") for name in learned)
    assert not any(p.requires_grad for p in recipe.target.parameters())


def test_byol_stops_the_gradient_at_the_targets() -> None:
    recipe = build(**BYOL)
    recipe.train()
    with torch.no_grad():
        recipe.predictor[-1].weight.zero_()
        recipe.predictor[-1].bias.fill_(1.0)
    total(recipe(two_views(), {}, "loss")).backward()
    assert gradients(recipe.recognizer) == gradients(recipe.projector) == []


def test_byol_target_follows_exactly() -> None:
    recipe = build(**BYOL)
    recipe.train()
    recipe(two_views(), {}, "loss")
    before = [p.clone() for p in recipe.target.parameters()]
    with torch.no_grad():
        for parameter in [*recipe.recognizer.parameters(), *recipe.projector.parameters()]:
            parameter.add_(1.0)
    recipe(two_views(), {}, "loss")
    # Outside of a run the momentum is that of its start: 0.9.
    for old, new in zip(before, recipe.target.parameters(), strict=True):
        assert torch.allclose(new, old + 0.1, atol=1e-6)
    recipe.eval()
    recipe(two_views(), {}, "loss")
    assert int(recipe.target.updates) == 2


@pytest.mark.parametrize(
    "config",
    [BYOL, {"type": "MoCo", "mapping": {"type": "AllToInstance"}, "queue_size": 8}],
    ids=lambda config: config["type"],
)
def test_targets_look_at_the_batch_as_published(config: dict) -> None:
    """Copied statistics are those of other weights: the probe fell below a random encoder."""
    recipe = build(**config).train()
    norms = [m for m in recipe.target.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms
    assert all(norm.training for norm in norms)
    recipe(two_views(), {}, "loss")
    with torch.no_grad():
        for parameter in recipe.recognizer.parameters():
            parameter.mul_(3.0)
    recipe(two_views(seed=2), {}, "loss")
    # Weights that run ahead do not bring their statistics along.
    online = dict(recipe.recognizer.named_buffers())
    name = "feature_extraction.stem.0.1.running_var"
    lagging = recipe.target.module["recognizer"].get_buffer(name)
    assert not torch.allclose(lagging, online[name], rtol=0.1)
    copied = build(**config, batch_statistics=False).train()
    assert not any(module.training for module in copied.target.modules())


def test_momentum_follows_the_length_of_the_run() -> None:
    recipe = build(**{**BYOL, "momentum": 0.996}).train()
    MessageHub.get_current_instance().update_info_dict({"max_iters": 15600, "iter": 0})
    recipe(two_views(), {}, "loss")
    before = [p.clone() for p in recipe.target.parameters()]
    with torch.no_grad():
        for parameter in [*recipe.recognizer.parameters(), *recipe.projector.parameters()]:
            parameter.add_(1.0)
    recipe(two_views(), {}, "loss")
    # A twentieth of the published length: twenty times as far with each step, 0.08.
    for old, new in zip(before, recipe.target.parameters(), strict=True):
        assert torch.allclose(new, old + 0.08, atol=1e-5)


def test_equal_views_and_a_predictor_that_is_right() -> None:
    recipe = build(**BYOL)
    recipe.eval()
    recipe.predictor = torch.nn.Identity()
    images = two_views()["view0"]
    loss = recipe({"view0": images, "view1": images}, {}, "loss")["loss_similarity"]
    assert float(loss) == pytest.approx(0.0, abs=1e-5)
