"""Autocast on the CPU, and parameter groups."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from spotter.errors import ConfigError
from spotter.training import optim_wrapper
from spotter.training.optim_wrapper import AutocastOptimWrapper, GroupedOptimWrapperConstructor


def wrapper(model: nn.Module, dtype: str, **options: object) -> AutocastOptimWrapper:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return AutocastOptimWrapper(dtype=dtype, optimizer=optimizer, **options)


def test_bfloat16_computes_in_bfloat16_and_updates_in_float32() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1 / 3)
    optim = wrapper(model, "bfloat16")
    with optim.optim_context(model):
        output = model(torch.ones(1, 1))
    assert output.dtype == torch.bfloat16
    # 1/3 in 8 bits of mantissa.
    assert output.item() == 0.333984375
    optim.update_params((output.float() ** 2).sum())
    # w - lr * d(y^2)/dw = 1/3 - 0.5 * 2y, with the gradient rounded to bfloat16.
    assert model.weight.dtype == torch.float32
    assert model.weight.item() == pytest.approx(1 / 3 - 0.333984375, abs=1e-6)


@pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_takes_bfloat16_where_the_cpu_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, native: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(optim_wrapper, "cpu_computes_bfloat16", lambda: native)
    assert wrapper(nn.Linear(2, 2), "auto").dtype == dtype


def test_float32_is_untouched() -> None:
    model = nn.Linear(2, 2)
    single = wrapper(model, "float32")
    with single.optim_context(model):
        assert model(torch.ones(1, 2)).dtype == torch.float32


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_dtypes_that_a_cpu_cannot_train_in_are_refused(dtype: str) -> None:
    with pytest.raises(ConfigError, match=dtype):
        wrapper(nn.Linear(1, 1), dtype)


def test_clipping_limits_the_step_and_reports_the_norm() -> None:
    model = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(model.weight)
    optim = wrapper(model, "float32", clip_grad={"max_norm": 1.0})
    optim.update_params((model(torch.tensor([[3.0, 4.0]]))).sum())
    assert optim.grad_norm is not None
    assert optim.grad_norm.item() == 5.0
    torch.testing.assert_close(model.weight.data, torch.tensor([[-0.3, -0.4]]), atol=1e-6, rtol=0)


def test_accumulated_gradients_equal_one_large_batch() -> None:
    torch.manual_seed(0)
    data = torch.randn(4, 3)
    split, whole = nn.Linear(3, 1), nn.Linear(3, 1)
    whole.load_state_dict(split.state_dict())
    accumulating = wrapper(split, "float32", accumulative_counts=2)
    accumulating.initialize_count_status(split, 0, 2)
    for half in data.chunk(2):
        accumulating.update_params((split(half) ** 2).mean())
    wrapper(whole, "float32").update_params((whole(data) ** 2).mean())
    torch.testing.assert_close(split.weight, whole.weight)


def test_state_round_trip_gives_the_same_next_step() -> None:
    def adam(model: nn.Module) -> AutocastOptimWrapper:
        groups = [{"params": [p]} for p in model.parameters()]
        return AutocastOptimWrapper("bfloat16", optimizer=torch.optim.AdamW(groups, lr=0.1))

    torch.manual_seed(0)
    first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    one, two = adam(first), adam(second)
    for _ in range(3):
        one.update_params(first(torch.ones(1, 3)).square().sum())
    second.load_state_dict(first.state_dict())
    # A state dict shares its tensors with the optimizer.
    two.load_state_dict(copy.deepcopy(one.state_dict()))
    for model, optim in ((first, one), (second, two)):
        optim.update_params(model(torch.ones(1, 3)).square().sum())
    assert torch.equal(first.weight, second.weight)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        self.head = nn.Linear(2, 2)


def build(paramwise_cfg: dict | None, model: nn.Module) -> torch.optim.Optimizer:
    cfg = {
        "type": "AutocastOptimWrapper",
        "optimizer": {"type": "AdamW", "lr": 0.1, "weight_decay": 0.2},
    }
    return GroupedOptimWrapperConstructor(cfg, paramwise_cfg)(model).optimizer


def test_norms_and_biases_do_not_decay() -> None:
    model = Net()
    decayed, plain = build(None, model).param_groups
    assert decayed["weight_decay"] == 0.2
    assert plain["weight_decay"] == 0.0
    assert [id(p) for p in decayed["params"]] == [
        id(model.backbone[0].weight),
        id(model.head.weight),
    ]
    assert len(plain["params"]) == 4


def test_custom_keys_take_the_longest_prefix() -> None:
    model = Net()
    keys = {"backbone.": {"lr_mult": 0.5}, "backbone.1.": {"lr_mult": 0}}
    optimizer = build({"custom_keys": keys, "decay_norm_and_bias": True}, model)
    slow, normal = optimizer.param_groups
    assert slow["lr"] == 0.05
    assert normal["lr"] == 0.1
    assert slow["weight_decay"] == 0.2
    assert {id(p) for p in slow["params"]} == {id(p) for p in model.backbone[0].parameters()}
    assert not any(p.requires_grad for p in model.backbone[1].parameters())


def test_a_fixed_rate_is_deaf_to_the_schedule() -> None:
    model = Net()
    cfg = {"type": "AutocastOptimWrapper", "optimizer": {"type": "SGD", "lr": 0.1}}
    keys = {"custom_keys": {"head.": {"fixed_lr": True, "lr_mult": 0.5}}}
    wrapper = GroupedOptimWrapperConstructor(cfg, keys)(model)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    # What a schedule does.
    for group in wrapper.optimizer.param_groups:
        group["lr"] = 0.001
    wrapper.step()
    for name, parameter in model.named_parameters():
        step = 0.05 if name.startswith("head.") else 0.001
        torch.testing.assert_close(before[name] - parameter, torch.full_like(parameter, step))
    # The rate survives a resumed run.
    again = GroupedOptimWrapperConstructor(cfg, keys)(Net())
    again.load_state_dict(wrapper.state_dict())
    assert sorted(group.get("fixed_lr", 0) for group in again.optimizer.param_groups)[-1] == 0.05


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"norm_decay_mult": 0}, "unknown settings norm_decay_mult"),
        ({"custom_keys": {"neck.": {"lr_mult": 2}}}, "no parameter begins with 'neck.'"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(settings, Net())
