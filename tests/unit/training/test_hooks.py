"""Averaging, checkpointing by time and count, time limits, and the line of progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook

from spotter.errors import ConfigError
from spotter.registry import HOOKS
from spotter.training import SpotterRunner
from spotter.training.checkpoint import find_last_checkpoint, numbered_checkpoints, read_checkpoint
from spotter.training.hooks import EMAHook, ProgressHook, TimedCheckpointHook, TimeLimitHook
from spotter.training.hooks import checkpoint as checkpoint_module
from spotter.training.hooks.progress import Window, batch_size, format_duration, format_line
from spotter.training.weights import build_from_weights
from tests.unit.training.toy import toy_config


@HOOKS.register_module()
class WeightRecorder(Hook):
    """Remembers the weights after each update, and during validation."""

    priority = "VERY_LOW"

    def __init__(self) -> None:
        self.trained: list[dict[str, torch.Tensor]] = []
        self.validated: list[dict[str, torch.Tensor]] = []

    @staticmethod
    def copy(runner: Any) -> dict[str, torch.Tensor]:
        return {k: v.detach().clone() for k, v in runner.model.state_dict().items()}

    def before_train(self, runner: Any) -> None:
        self.trained.append(self.copy(runner))

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        self.trained.append(self.copy(runner))

    def before_val_epoch(self, runner: Any) -> None:
        self.validated.append(self.copy(runner))


def hook_of(runner: SpotterRunner, kind: type) -> Any:
    return next(h for h in runner.hooks if isinstance(h, kind))


def test_ema_follows_its_recurrence_and_is_what_gets_validated_and_saved(tmp_path: Path) -> None:
    hooks = [{"type": "EMAHook", "decay": 0.7, "warm_up": 2}, {"type": "WeightRecorder"}]
    runner = SpotterRunner.from_cfg(toy_config(tmp_path, max_iters=6, custom_hooks=hooks))
    runner.train()
    recorder = hook_of(runner, WeightRecorder)
    averages = {k: v.double() for k, v in recorder.trained[0].items()}
    parameters = dict(runner.model.named_parameters())
    # t / (t + 2) until it exceeds 0.7: 1/3, 1/2, 3/5, 2/3, then 5/7 and 6/8 are cut to 0.7.
    for decay, weights in zip(
        [1 / 3, 1 / 2, 3 / 5, 2 / 3, 0.7, 0.7], recorder.trained[1:], strict=True
    ):
        for name in parameters:
            averages[name] = decay * averages[name] + (1 - decay) * weights[name].double()
    checkpoint = read_checkpoint(tmp_path / "iter_6.pth")
    assert len(recorder.validated) == 2
    for name in parameters:
        expected = averages[name].float()
        torch.testing.assert_close(recorder.validated[-1][name], expected, rtol=1e-6, atol=1e-7)
        assert torch.equal(checkpoint["state_dict"][name], recorder.validated[-1][name])
        assert torch.equal(checkpoint["training_state_dict"][name], recorder.trained[-1][name])
        assert torch.equal(parameters[name], recorder.trained[-1][name])
    for name in ("norm.running_mean", "norm.running_var", "norm.num_batches_tracked"):
        assert torch.equal(checkpoint["state_dict"][name], recorder.trained[-1][name])


def test_ema_follows_steps_and_not_batches(tmp_path: Path) -> None:
    hooks = [{"type": "EMAHook", "decay": 0.7, "warm_up": 2}, {"type": "WeightRecorder"}]
    cfg = toy_config(tmp_path, max_iters=4, custom_hooks=hooks)
    cfg.optim_wrapper.accumulative_counts = 2
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    start, *_, second, _, fourth = hook_of(runner, WeightRecorder).trained
    checkpoint = read_checkpoint(tmp_path / "iter_4.pth")
    for name, _ in runner.model.named_parameters():
        # 1 / (1 + 2), then 2 / (2 + 2).
        first = start[name] / 3 + second[name] * 2 / 3
        expected = first / 2 + fourth[name] / 2
        torch.testing.assert_close(checkpoint["state_dict"][name], expected)
        assert not torch.equal(second[name], fourth[name])


def test_ema_without_warm_up_starts_at_its_decay() -> None:
    assert EMAHook(decay=0.9, warm_up=0).decay_at(1) == 0.9
    assert EMAHook(decay=0.9, warm_up=100).decay_at(100) == 0.5


def test_best_weights_build_the_validated_model(tmp_path: Path) -> None:
    hooks = [{"type": "EMAHook", "decay": 0.7}, {"type": "WeightRecorder"}]
    checkpoint = {"type": "TimedCheckpointHook", "save_best": "error", "rule": "less"}
    cfg = toy_config(
        tmp_path, max_iters=6, custom_hooks=hooks, default_hooks={"checkpoint": checkpoint}
    )
    cfg.preprocessing = {"mean": [1, 2, 3]}
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    model, header = build_from_weights(tmp_path / "best.safetensors")
    best_iter = runner.message_hub.get_info("best_iter")
    assert header["card"]["iterations"] == best_iter
    assert header["preprocessing"] == {"mean": [1, 2, 3]}
    expected = hook_of(runner, WeightRecorder).validated[{5: 0, 6: 1}[best_iter]]
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, expected[name]), name
    info = read_checkpoint(tmp_path / "iter_6.pth")["info"]
    assert info["best_score"] == runner.message_hub.get_info("best_score")


def test_unknown_best_metric_is_named(tmp_path: Path) -> None:
    checkpoint = {"type": "TimedCheckpointHook", "save_best": "hmean"}
    cfg = toy_config(tmp_path, max_iters=5, default_hooks={"checkpoint": checkpoint})
    with pytest.raises(ConfigError, match="no metric 'hmean'; there are error"):
        SpotterRunner.from_cfg(cfg).train()


def test_checkpoints_by_count_keep_the_newest(tmp_path: Path) -> None:
    checkpoint = {"type": "TimedCheckpointHook", "interval": 2, "minutes": None, "keep": 2}
    cfg = toy_config(tmp_path, max_iters=7, default_hooks={"checkpoint": checkpoint})
    SpotterRunner.from_cfg(cfg).train()
    assert [p.name for p in numbered_checkpoints(tmp_path)] == ["iter_6.pth", "iter_7.pth"]
    assert find_last_checkpoint(tmp_path) == tmp_path / "iter_7.pth"
    (tmp_path / "last_checkpoint").unlink()
    assert find_last_checkpoint(tmp_path) == tmp_path / "iter_7.pth"


def test_checkpoints_by_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One minute per look at the clock; the hook looks once at the start, once per iteration, and
    # once after saving.
    clock = iter(range(0, 60000, 60))
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: next(clock))
    hook = TimedCheckpointHook(minutes=3, keep=None)
    saved: list[int] = []

    class Loop:
        stop_training = False
        max_iters = 100

    class FakeRunner:
        train_loop = Loop()
        world_size = rank = 1
        iter = 0
        work_dir = str(tmp_path)
        logger = type("Log", (), {"info": staticmethod(lambda message: None)})

        def save_checkpoint(self, folder: str, name: str) -> None:
            saved.append(self.iter)

    runner = FakeRunner()
    hook.before_train(runner)
    for i in range(1, 10):
        runner.iter = i
        hook.after_iteration(runner)
    assert saved == [3, 6, 9]


def test_time_limit_stops_between_iterations_and_saves(tmp_path: Path) -> None:
    limit = {"type": "TimeLimitHook", "minutes": 1e-9}
    runner = SpotterRunner.from_cfg(
        toy_config(tmp_path, custom_hooks=[limit, {"type": "LossRecorder"}])
    )
    runner.train()
    assert runner.iter == 1
    assert find_last_checkpoint(tmp_path) == tmp_path / "iter_1.pth"
    again = SpotterRunner.from_cfg(toy_config(tmp_path, resume=True))
    again.train()
    assert again.iter == 12


@pytest.mark.parametrize("whole_run", [False, True])
def test_a_time_limit_may_count_what_was_trained_before(tmp_path: Path, whole_run: bool) -> None:
    limit = {"type": "TimeLimitHook", "minutes": 0.5, "whole_run": whole_run}
    first = SpotterRunner.from_cfg(toy_config(tmp_path, custom_hooks=[limit], max_iters=4))
    first.train()
    trained = first.message_hub.get_info("trained_minutes")
    assert 0 < trained < 0.5
    # Interrupted after a minute instead.
    last = find_last_checkpoint(tmp_path)
    assert last is not None
    state = torch.load(last, weights_only=False)
    state["info"]["trained_minutes"] = 1.0
    torch.save(state, last)
    again = SpotterRunner.from_cfg(toy_config(tmp_path, custom_hooks=[limit], resume=True))
    again.train()
    assert again.iter == (5 if whole_run else 12)


@pytest.mark.parametrize(
    "make",
    [
        lambda: TimeLimitHook(0),
        lambda: EMAHook(decay=1.0),
        lambda: EMAHook(warm_up=-1),
        lambda: TimedCheckpointHook(keep=0),
        lambda: TimedCheckpointHook(rule="best"),
        lambda: ProgressHook(interval=0),
    ],
)
def test_settings_outside_their_range_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()


def test_window_averages_and_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: now[0])
    window = Window()
    for loss in (1.0, 3.0):
        now[0] += 0.5
        window.data_arrived()
        now[0] += 1.5
        window.add({"loss": torch.tensor(loss)}, samples=8)
    now[0] += 10.0
    window.pause(10.0)
    averages = window.averages()
    assert averages["loss"] == 2.0
    assert averages["iterations_per_second"] == 0.5
    assert averages["samples_per_second"] == 4.0
    assert averages["data_share"] == 0.25


def test_line_reads_as_one_sentence() -> None:
    scalars = {
        "loss": 1.25,
        "iterations_per_second": 2.0,
        "samples_per_second": 32.0,
        "data_share": 0.125,
        "lr": 1e-3,
    }
    line = format_line(50, 200, scalars, 75.0)
    assert line.startswith(
        "iter 50/200  2.00 it/s  32.0 samples/s  data 12%  lr 1.00e-03  loss 1.25"
    )
    assert line.endswith("left 0:01:15")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (59.6, "0:01:00"), (3725, "1:02:05"), (90061, "1 d 1:01:01")],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_batch_size_counts_samples_of_every_branch() -> None:
    images = [torch.zeros(3, 4, 4)] * 5
    assert batch_size({"inputs": images, "data_samples": [None] * 5}) == 5
    assert batch_size({"inputs": torch.zeros(6, 3, 4, 4)}) == 6
    nested = {"labelled": {"inputs": images}, "unlabelled": {"inputs": images[:2]}}
    assert batch_size(nested) == 7
