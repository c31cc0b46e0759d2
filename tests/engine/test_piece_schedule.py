from types import SimpleNamespace

import pytest
import torch

from spotter.engine.hooks import PieceScheduleHook
from spotter.errors import ConfigError


def runner(lr: float, mult: float = 0.5) -> SimpleNamespace:
    groups = [{"params": [torch.zeros(1)], "lr": lr}, {"params": [torch.zeros(1)], "lr": lr * mult}]
    info: dict[str, int] = {}
    return SimpleNamespace(
        cfg=SimpleNamespace(optim_wrapper=SimpleNamespace(optimizer=SimpleNamespace(lr=lr))),
        optim_wrapper=SimpleNamespace(param_groups=groups),
        message_hub=SimpleNamespace(update_info=info.__setitem__, info=info),
        iter=7,
    )


def test_cycle_by_hand() -> None:
    hook = PieceScheduleHook(minutes=10, warmup=0.1, final=0.2)
    assert hook.factor(0.05) == pytest.approx(0.5)
    assert hook.factor(0.1) == pytest.approx(1.0)
    assert hook.factor(0.55) == pytest.approx(0.6)  # half of the cosine: (1 + 0.2) / 2
    assert hook.factor(1.0) == pytest.approx(0.2)
    assert hook.factor(7.0) == pytest.approx(0.2)


def test_multipliers_stay_in_proportion_after_a_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("spotter.engine.hooks.piece_schedule.time.monotonic", lambda: clock.now)
    hook, run = PieceScheduleHook(minutes=1, warmup=0.0, final=0.0), runner(0.1)
    hook.before_train(run)
    clock.now = 30.0
    hook.before_train_iter(run, 0)
    rates = [group["lr"] for group in run.optim_wrapper.param_groups]
    assert rates == pytest.approx([0.05, 0.025])
    # The next piece resumes these rates, with a config that asks for twice the learning rate.
    run.cfg.optim_wrapper.optimizer.lr = 0.2
    again = PieceScheduleHook(minutes=1, warmup=0.0, final=0.0)
    again.before_train(run)
    again.before_train_iter(run, 0)
    rates = [group["lr"] for group in run.optim_wrapper.param_groups]
    assert rates == pytest.approx([0.2, 0.1])
    run.iter = 12
    again.after_train(run)
    assert run.message_hub.info == {"piece_iterations": 5}


@pytest.mark.parametrize(
    "arguments", [{"minutes": 0}, {"minutes": 1, "peak": 0}, {"minutes": 1, "warmup": 1.0}]
)
def test_values_out_of_range_are_refused(arguments: dict) -> None:
    with pytest.raises(ConfigError):
        PieceScheduleHook(**arguments)
