"""Resume, bfloat16, configs and errors of the runner."""

from __future__ import annotations

import importlib.util
import json
import logging
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from spotter.errors import ConfigError, SpotterError, WeightsError
from spotter.registry import HOOKS
from spotter.training import SpotterRunner
from spotter.training.checkpoint import find_last_checkpoint, read_checkpoint
from tests.unit.training.toy import recorded_losses, toy_config


@HOOKS.register_module()
class StopAt:
    """Stops the run after an iteration, as a time limit would; or sends Ctrl-C."""

    priority = "NORMAL"

    def __new__(cls, iteration: int, interrupt: bool = False) -> Any:
        from mmengine.hooks import Hook

        class _StopAt(Hook):
            def after_iteration(self, runner: Any) -> None:
                if runner.iter != iteration:
                    return
                if interrupt:
                    signal.raise_signal(signal.SIGINT)
                else:
                    runner.train_loop.stop_training = True

        return _StopAt()


def run(work_dir: Path, **changes: Any) -> SpotterRunner:
    runner = SpotterRunner.from_cfg(toy_config(work_dir, **changes))
    runner.train()
    return runner


def hooks_with(*more: dict) -> list[dict]:
    return [{"type": "EMAHook", "decay": 0.9}, {"type": "LossRecorder"}, *more]


def assert_same_state(a: Path, b: Path) -> None:
    first, second = read_checkpoint(a), read_checkpoint(b)
    for part in ("state_dict", "training_state_dict"):
        assert first[part].keys() == second[part].keys()
        for name, tensor in first[part].items():
            assert torch.equal(tensor, second[part][name]), (part, name)


# 7 lies inside a pass over the data (6 batches per pass), 5 on a validation, 6 between two passes.
@pytest.mark.parametrize("stop", [5, 6, 7])
def test_resumed_run_has_the_same_losses_and_weights(tmp_path: Path, stop: int) -> None:
    whole = run(tmp_path / "whole")
    stopped = run(
        tmp_path / "parts", custom_hooks=hooks_with({"type": "StopAt", "iteration": stop})
    )
    resumed = run(tmp_path / "parts", resume=True)

    expected = recorded_losses(whole)
    assert sorted(expected) == list(range(12))
    assert recorded_losses(stopped) == {i: expected[i] for i in range(stop)}
    assert recorded_losses(resumed) == {i: expected[i] for i in range(stop, 12)}
    assert_same_state(tmp_path / "whole" / "iter_12.pth", tmp_path / "parts" / "iter_12.pth")


def test_resume_is_exact_whatever_the_number_of_workers(tmp_path: Path) -> None:
    expected = recorded_losses(run(tmp_path / "whole"))
    loader = toy_config(tmp_path).train_dataloader
    two = {**loader, "num_workers": 2}
    stop = {"type": "StopAt", "iteration": 7}
    run(tmp_path / "parts", train_dataloader=two, custom_hooks=hooks_with(stop))
    one = {**loader, "num_workers": 1, "persistent_workers": True}
    resumed = run(tmp_path / "parts", train_dataloader=one, resume=True)
    assert recorded_losses(resumed) == {i: expected[i] for i in range(7, 12)}


def test_resume_keeps_the_seed_of_the_run(tmp_path: Path) -> None:
    expected = recorded_losses(run(tmp_path / "whole"))
    run(tmp_path / "parts", custom_hooks=hooks_with({"type": "StopAt", "iteration": 7}))
    resumed = run(tmp_path / "parts", resume=True, randomness={"seed": 99})
    assert resumed.seed == 3
    assert recorded_losses(resumed) == {i: expected[i] for i in range(7, 12)}


def test_validation_leaves_no_trace_in_training(tmp_path: Path) -> None:
    often = toy_config(tmp_path / "often")
    often.train_cfg.val_interval = 1
    runner = SpotterRunner.from_cfg(often)
    runner.train()
    assert recorded_losses(runner) == recorded_losses(run(tmp_path / "seldom"))


def test_ctrl_c_stops_after_the_iteration_and_saves(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    stop = {"type": "StopAt", "iteration": 4, "interrupt": True}
    # The hook above runs before the interrupt hook only by registration order within a priority.
    runner = run(tmp_path, custom_hooks=hooks_with(stop))
    assert runner.iter in (4, 5)
    last = find_last_checkpoint(tmp_path)
    assert last is not None
    assert last.name == f"iter_{runner.iter}.pth"
    assert signal.getsignal(signal.SIGINT) is before


def test_resume_without_checkpoint_starts_at_zero(tmp_path: Path) -> None:
    assert sorted(recorded_losses(run(tmp_path, max_iters=2, resume=True))) == [0, 1]


def test_checkpoint_of_another_model_is_one_line(tmp_path: Path) -> None:
    run(tmp_path, max_iters=2)
    with pytest.raises(WeightsError, match="is of another model") as caught:
        run(tmp_path, resume=True, model={"type": "ToyRegressor", "channels": 5})
    assert "\n" not in str(caught.value)


def test_load_from_starts_a_new_run_from_weights(tmp_path: Path) -> None:
    run(tmp_path / "first", max_iters=2)
    source = tmp_path / "first" / "iter_2.pth"
    stop = {"type": "StopAt", "iteration": 1}
    runner = SpotterRunner.from_cfg(
        toy_config(
            tmp_path / "second",
            load_from={"path": str(source), "prefixes": ["conv."]},
            custom_hooks=hooks_with(stop),
            optim_wrapper={
                "type": "AutocastOptimWrapper",
                "optimizer": {"type": "SGD", "lr": 0.0},
            },
            param_scheduler=None,
        )
    )
    head = runner.model.head.weight.detach().clone()
    runner.train()
    loaded = read_checkpoint(source)["state_dict"]
    assert torch.equal(runner.model.conv.weight, loaded["conv.weight"])
    assert torch.equal(runner.model.head.weight, head)


def test_bfloat16_on_the_cpu_trains_close_to_float32(tmp_path: Path) -> None:
    wrapper = toy_config(tmp_path).optim_wrapper
    single = run(tmp_path / "single", model={"type": "ToyRegressor", "dropout": 0.0})
    half = run(
        tmp_path / "half",
        model={"type": "ToyRegressor", "dropout": 0.0},
        optim_wrapper={**wrapper, "dtype": "bfloat16"},
    )
    a, b = recorded_losses(single), recorded_losses(half)
    assert a != b
    assert all(abs(a[i] - b[i]) < 0.05 for i in a)
    assert all(p.dtype == torch.float32 for p in half.model.parameters())


def test_loss_that_is_not_finite_stops_with_one_line(tmp_path: Path) -> None:
    cfg = toy_config(tmp_path, max_iters=50, param_scheduler=None)
    cfg.optim_wrapper = {
        "type": "AutocastOptimWrapper",
        "dtype": "float32",
        "optimizer": {"type": "SGD", "lr": 1e30},
    }
    cfg.default_hooks = {"logger": {"type": "ProgressHook", "interval": 5}}
    with pytest.raises(SpotterError, match="lower the learning rate"):
        SpotterRunner.from_cfg(cfg).train()


def test_console_gets_single_lines_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runner = run(tmp_path, max_iters=2)
    for handler in runner.logger.handlers:
        if type(handler) is logging.StreamHandler:
            record = logging.LogRecord("x", logging.INFO, "", 0, "two\nlines", None, None)
            assert not handler.filter(record)
    scalars = Path(runner.log_dir) / "vis_data" / f"{runner.timestamp}.json"
    assert [json.loads(line)["step"] for line in scalars.read_text().splitlines()] == [2, 2]
    log = next(Path(runner.log_dir).glob("*.log")).read_text()
    assert "Config:" in log
    assert "it/s" in log


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "tpu"}, "device 'tpu' is none of"),
        ({"launcher": "pytorch"}, "needs RANK"),
        ({"sync_bn": "mmcv"}, "sync_bn 'mmcv' is not 'torch'"),
        ({"max_iters": 0}, "max_iters must be a positive integer"),
    ],
)
def test_bad_settings_are_one_line(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        run(tmp_path, **change)
    assert "\n" not in str(caught.value)


def test_tensorboard_gets_losses_and_scores(tmp_path: Path) -> None:
    backends = [{"type": "LocalVisBackend"}, {"type": "TensorboardVisBackend"}]
    runner = run(tmp_path, max_iters=2, visualizer={"type": "Visualizer", "vis_backends": backends})
    (events,) = Path(runner.log_dir).rglob("events.out.tfevents.*")
    content = events.read_bytes()
    for tag in (b"train/loss", b"train/samples_per_second", b"train/lr", b"val/error"):
        assert tag in content


def test_run_without_tensorboard_keeps_the_other_backends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    backends = [{"type": "LocalVisBackend"}, {"type": "TensorboardVisBackend"}]
    runner = SpotterRunner.from_cfg(
        toy_config(tmp_path, visualizer={"type": "Visualizer", "vis_backends": backends})
    )
    assert list(runner.visualizer._vis_backends) == ["LocalVisBackend"]
