"""MoCo: the queue at its seams, and keys that do not learn."""

from __future__ import annotations

import pytest
import torch

from spotter.errors import ConfigError
from spotter.methods.self_supervised.moco import InstanceQueue
from tests.unit.methods.tiny import build, gradients, total, two_views


def filled(start: int, count: int) -> torch.Tensor:
    return torch.arange(start, start + count, dtype=torch.float32)[:, None].repeat(1, 2)


def test_the_queue_wraps_around() -> None:
    queue = InstanceQueue(5, 2)
    queue.push(filled(0, 3))
    queue.push(filled(3, 4))
    # Rows 3, 4 fill the end, 5 and 6 replace the oldest.
    assert queue.instances[:, 0].tolist() == [5.0, 6.0, 2.0, 3.0, 4.0]
    assert int(queue.pointer) == 2
    queue.push(filled(7, 3))
    assert queue.instances[:, 0].tolist() == [5.0, 6.0, 7.0, 8.0, 9.0]
    assert int(queue.pointer) == 0


def test_more_than_the_queue_holds_leaves_the_last() -> None:
    queue = InstanceQueue(3, 2)
    queue.push(filled(0, 1))
    queue.push(filled(1, 7))
    assert sorted(queue.instances[:, 0].tolist()) == [5.0, 6.0, 7.0]
    queue.push(filled(8, 1))
    assert sorted(queue.instances[:, 0].tolist()) == [6.0, 7.0, 8.0]


def test_the_queue_starts_with_directions() -> None:
    assert torch.allclose(InstanceQueue(9, 4).instances.norm(dim=1), torch.ones(9), atol=1e-6)
    with pytest.raises(ConfigError):
        InstanceQueue(0, 4)


def test_queries_learn_and_keys_do_not() -> None:
    recipe = build(
        type="MoCo",
        mapping={"type": "WindowToInstance", "windows": 5},
        projection={"type": "FrameMLP", "out_channels": 6},
        queue_size=64,
    )
    recipe.train()
    before = recipe.queue.instances.clone()
    total(recipe(two_views(4), {}, "loss")).backward()
    learned = gradients(recipe)
    assert any(name.startswith("projection.") for name in learned)
    assert not any(name.startswith("target.") for name in learned)
    changed = (recipe.queue.instances != before).any(1)
    assert changed.tolist() == [True] * 20 + [False] * 44
    assert torch.allclose(recipe.queue.instances[:20].norm(dim=1), torch.ones(20), atol=1e-5)
    recipe.eval()
    recipe(two_views(4), {}, "loss")
    assert int(recipe.queue.pointer) == 20
