"""Composed characters that learn together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.training.hooks import SharedPartsHook, TimedScheduleHook
from spotter.training.hooks.shared_parts import composed_parts

CHARACTERS = "a가각나"


def run_of(rate: float = 0.1, start: int = 0) -> Any:
    """What a hook asks of a runner, with a classifier of three features."""
    model = nn.Module()
    model.prediction = nn.Module()
    model.prediction.charset = Charset(CHARACTERS)  # type: ignore[assignment]
    model.prediction.classifier = nn.Linear(3, 1 + len(CHARACTERS))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    wrapper = SimpleNamespace(optimizer=optimizer, param_groups=optimizer.param_groups)
    hub = SimpleNamespace(runtime_info={})
    return SimpleNamespace(
        model=model, optim_wrapper=wrapper, iter=start, max_iters=100, message_hub=hub
    )


def test_parts_are_letters_at_places() -> None:
    assert composed_parts("a가각é") == {
        "가": ((0, "ᄀ"), (1, "ᅡ"), (2, "")),
        "각": ((0, "ᄀ"), (1, "ᅡ"), (2, "ᆨ")),
        "é": ((0, "e"), (1, "\u0301"), (2, "")),
    }
    assert composed_parts("abc") == {}


def test_a_character_teaches_those_with_the_same_parts() -> None:
    runner = run_of()
    hook = SharedPartsHook(CHARACTERS)
    weight = runner.model.prediction.classifier.weight
    untouched = weight[:2].detach().clone()
    hook.before_train(runner)
    assert torch.equal(weight[:2], untouched)
    # Rows are sums of their parts: 가 - 각 is the end of 가 less that of 각, whatever comes before.
    first = weight.detach().clone()
    weight.grad = torch.zeros_like(weight)
    weight.grad[3] = torch.tensor([1.0, -2.0, 0.0])  # of 각 alone
    runner.optim_wrapper.optimizer.step()
    hook.after_train_iter(runner, 0)
    step = weight.detach() - first
    assert torch.equal(step[:2], torch.zeros(2, 3))
    # Adam's first step is the rate against the gradient's sign for each part: 가 shares two parts
    # with 각, 나 one. 각 itself has three, and the step of its own row.
    sign = torch.tensor([-0.1, 0.1, 0.0])
    torch.testing.assert_close(step[2], 2 * sign)
    torch.testing.assert_close(step[4], sign)
    torch.testing.assert_close(step[3], 3 * sign + torch.tensor([-0.1, 0.2, 0.0]))
    # Without a new gradient nothing moves.
    hook.after_train_iter(runner, 1)
    assert torch.equal(weight.detach() - first, step)


def test_a_resumed_run_keeps_its_rows() -> None:
    runner = run_of(start=5)
    before = runner.model.prediction.classifier.weight.detach().clone()
    SharedPartsHook(CHARACTERS).before_train(runner)
    assert torch.equal(runner.model.prediction.classifier.weight, before)
    runner.model.prediction = nn.Module()
    with pytest.raises(ConfigError, match="no linear classifier"):
        SharedPartsHook(CHARACTERS).before_train(runner)


def test_the_rate_ends_with_the_time_or_with_the_iterations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [50.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    runner = run_of(rate=0.4)
    hook = TimedScheduleHook(minutes=1, warmup=0.1, final=0.01)
    hook.before_train(runner)
    (group,) = runner.optim_wrapper.param_groups

    def rate(seconds: float, iteration: int) -> float:
        now[0], runner.iter = 50 + seconds, iteration
        hook.before_train_iter(runner, 0)
        return float(group["lr"])

    assert rate(0, 0) == pytest.approx(0.004)
    assert rate(3, 0) == pytest.approx(0.2)
    assert rate(6, 0) == pytest.approx(0.4)
    # Half of the cosine, by time and by iterations.
    assert rate(33, 1) == pytest.approx(0.4 * 0.505)
    assert rate(1, 55) == pytest.approx(0.4 * 0.505)
    assert rate(61, 9) == pytest.approx(0.004)
    # A minute of two was trained before.
    runner.message_hub.runtime_info["trained_minutes"] = 1.0
    hook = TimedScheduleHook(minutes=2, warmup=0.1, final=0.01, whole_run=True)
    now[0] = 50.0
    hook.before_train(runner)
    assert rate(6, 0) == pytest.approx(0.4 * 0.505)
    wrong: list[dict[str, Any]] = [
        {"minutes": 0},
        {"minutes": 1, "warmup": 1},
        {"minutes": 1, "final": 2},
    ]
    for settings in wrong:
        with pytest.raises(ConfigError):
            TimedScheduleHook(**settings)
