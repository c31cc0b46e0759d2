"""The target network: exact averages, in place, always evaluating, never learning."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from spotter.errors import ConfigError
from spotter.methods.target import EMATarget, cosine_momentum, momentum_for_run
from spotter.training.optim_wrapper import AutocastOptimWrapper


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))


def set_to(net: nn.Module, value: float) -> None:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(value)


def test_average_by_hand_and_in_place() -> None:
    online = network()
    target = EMATarget(online)
    places = [p.data_ptr() for p in target.parameters()]
    set_to(online, 1.0)
    target.update(online, 0.75)
    assert all(torch.all(p == 1.0) for p in target.parameters())
    for value, expected in ((3.0, 1.5), (3.5, 2.0)):
        set_to(online, value)
        target.update(online, 0.75)
        assert all(torch.all(p == expected) for p in target.parameters())
    assert [p.data_ptr() for p in target.parameters()] == places
    assert int(target.updates) == 3


def test_first_update_takes_up_what_was_loaded_after_the_copy() -> None:
    online = network()
    target = EMATarget(online)
    set_to(online, 7.0)
    target.update(online, 0.999)
    assert all(torch.all(p == 7.0) for p in target.parameters())
    # A resumed run has had its first update.
    again = EMATarget(network())
    again.load_state_dict(target.state_dict())
    set_to(online, 8.0)
    again.update(online, 0.5)
    assert all(torch.all(p == 7.5) for p in again.parameters())


def test_the_target_stands_still_while_gradients_accumulate() -> None:
    online = network()
    target = EMATarget(online)
    optimizer = torch.optim.SGD(online.parameters(), lr=0.1)
    wrapper = AutocastOptimWrapper("float32", optimizer=optimizer, accumulative_counts=2)
    moved = []
    for _ in range(4):
        with wrapper.optim_context(online):
            target.update(online, 0.5)
            moved.append(int(target.updates))
            loss = online(torch.randn(5, 3)).square().mean()
        wrapper.update_params(loss)
    assert moved == [1, 1, 2, 2]
    target.update(online, 0.5)
    assert int(target.updates) == 3


def test_statistics_are_copied_and_used() -> None:
    online = network()
    target = EMATarget(online)
    online.train()
    for _ in range(3):
        online(torch.randn(8, 3) * 5 + 2)
    target.update(online, 0.5)
    target.train()
    assert not any(module.training for module in target.modules())
    assert torch.equal(target.module[1].running_mean, online[1].running_mean)
    assert int(target.module[1].num_batches_tracked) == 3
    x = torch.randn(5, 3)
    assert torch.equal(target(x), online.eval()(x))
    assert int(target.module[1].num_batches_tracked) == 3


def test_statistics_of_the_batch() -> None:
    online = network().train()
    online(torch.randn(8, 3) * 5 + 2)
    target = EMATarget(online, batch_statistics=True)
    target.update(online, 0.5)
    # The first update copies the statistics with everything else.
    assert torch.equal(target.module[1].running_mean, online[1].running_mean)
    target.train()
    assert [module.training for module in target.module] == [False, True, False]
    x = torch.randn(6, 3) * 4 + 1
    seen = target(x)
    # Normalised by the batch: mean 0 and variance 1 of each channel, whatever the run was.
    torch.testing.assert_close(seen.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen.var(0, unbiased=False), torch.ones(4), atol=1e-2, rtol=0)
    own = target.module[1].running_mean.clone()
    assert not torch.equal(own, online[1].running_mean)
    target.update(online, 0.5)
    assert torch.equal(target.module[1].running_mean, own)
    # Validation does not look at the batch.
    target.eval()
    assert not any(module.training for module in target.modules())
    assert torch.equal(target(x[:1]), target(x)[:1])


def test_momentum_of_short_runs_by_hand() -> None:
    # An average over 250 of 312000 iterations; over 125 of half as many.
    assert momentum_for_run(0.996, 312000, 156000) == pytest.approx(0.992)
    assert momentum_for_run(0.996, 312000, 312000) == 0.996
    assert momentum_for_run(0.996, 312000, 900000) == 0.996
    assert momentum_for_run(0.996, 312000, 0) == 0.996
    assert momentum_for_run(0.996, None, 100) == 0.996
    # Never a copy of the online network; and never above what was asked for.
    assert momentum_for_run(0.996, 312000, 100) == 0.9
    assert momentum_for_run(0.5, 312000, 100) == 0.5


def test_nothing_flows_into_the_target() -> None:
    target = EMATarget(network())
    x = torch.randn(5, 3, requires_grad=True)
    assert not target(x).requires_grad
    assert not any(p.requires_grad for p in target.parameters())


@pytest.mark.parametrize("momentum", [-0.1, 1.1])
def test_momentum_outside_its_range(momentum: float) -> None:
    net = network()
    with pytest.raises(ConfigError, match="momentum"):
        EMATarget(net).update(net, momentum)


def test_cosine_schedule_by_hand() -> None:
    assert cosine_momentum(0.996, 0.0) == pytest.approx(0.996)
    assert cosine_momentum(0.996, 0.5) == pytest.approx(0.998)
    assert cosine_momentum(0.996, 1.0) == pytest.approx(1.0)
    assert cosine_momentum(0.9, 1 / 3) == pytest.approx(1 - 0.1 * (math.cos(math.pi / 3) + 1) / 2)
