from types import SimpleNamespace

import pytest
import torch

from research.release.session_schedule import SessionScheduleHook
from spotter.errors import ConfigError


def runner(lr: float, mult: float = 0.5) -> SimpleNamespace:
    groups = [{"params": [torch.zeros(1)], "lr": lr}, {"params": [torch.zeros(1)], "lr": lr * mult}]
    info: dict[str, float] = {}
    return SimpleNamespace(
        cfg=SimpleNamespace(optim_wrapper=SimpleNamespace(optimizer=SimpleNamespace(lr=lr))),
        optim_wrapper=SimpleNamespace(param_groups=groups),
        message_hub=SimpleNamespace(update_info=info.__setitem__, get_info=info.get, info=info),
        iter=7,
    )


def test_cycle_by_hand() -> None:
    hook = SessionScheduleHook(minutes=10, warmup=0.1, final=0.2)
    assert hook.factor(0.05) == pytest.approx(0.5)
    assert hook.factor(0.1) == pytest.approx(1.0)
    assert hook.factor(0.55) == pytest.approx(0.6)  # half of the cosine: (1 + 0.2) / 2
    assert hook.factor(1.0) == pytest.approx(0.2)
    assert hook.factor(7.0) == pytest.approx(0.2)


def test_multipliers_stay_in_proportion_after_a_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("research.release.session_schedule.time.monotonic", lambda: clock.now)
    hook, run = SessionScheduleHook(minutes=1, warmup=0.0, final=0.0), runner(0.1)
    hook.before_train(run)
    clock.now = 30.0
    hook.before_train_iter(run, 0)
    rates = [group["lr"] for group in run.optim_wrapper.param_groups]
    assert rates == pytest.approx([0.05, 0.025])
    # The next session resumes these rates, with a config that asks for twice the learning rate.
    run.cfg.optim_wrapper.optimizer.lr = 0.2
    again = SessionScheduleHook(minutes=1, warmup=0.0, final=0.0)
    again.before_train(run)
    again.before_train_iter(run, 0)
    rates = [group["lr"] for group in run.optim_wrapper.param_groups]
    assert rates == pytest.approx([0.2, 0.1])


def test_minutes_of_an_interrupted_session_count_in_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("research.release.session_schedule.time.monotonic", lambda: clock.now)
    run = runner(0.1)
    known = run.message_hub.info
    first = SessionScheduleHook(minutes=5, logged=7)
    first.before_train(run)
    run.iter, clock.now = 10, 120.0
    first.after_iteration(run)
    assert known == {"piece_iterations": 3, "piece_minutes": 2.0}
    # Cut off: the next session resumes its checkpoint, with what the message hub knew.
    second = SessionScheduleHook(minutes=5, logged=7)
    second.before_train(run)
    run.iter, clock.now = 16, 180.0
    second.after_iteration(run)
    assert known == {"piece_iterations": 9, "piece_minutes": 3.0}
    # It came to its end and is in the log: the third counts for itself.
    third = SessionScheduleHook(minutes=5, logged=16)
    third.before_train(run)
    run.iter, clock.now = 17, 210.0
    third.after_iteration(run)
    assert known == {"piece_iterations": 1, "piece_minutes": 0.5}


@pytest.mark.parametrize(
    "arguments", [{"minutes": 0}, {"minutes": 1, "peak": 0}, {"minutes": 1, "warmup": 1.0}]
)
def test_values_out_of_range_are_refused(arguments: dict) -> None:
    with pytest.raises(ConfigError):
        SessionScheduleHook(**arguments)
