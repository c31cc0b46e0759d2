"""Whole runs of a semi-supervised recipe: both models scored and saved, and exact resumption."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from spotter.errors import ConfigError
from spotter.training import SpotterRunner
from spotter.training.checkpoint import read_checkpoint
from spotter.training.weights import build_from_weights, load_state, read_header
from tests.unit.methods.semi import recognizer_config
from tests.unit.training.test_runner import StopAt  # noqa: F401
from tests.unit.training.toy import recorded_losses

FIELDS = ["labelled", "weak", "strong"]
RESIZE = {"type": "RecResize", "height": 32, "mode": "fixed", "width": 48}
PACK = {"type": "PackRecInputs"}
PLAIN = [{"type": "LoadCrop"}, RESIZE, PACK]


@pytest.fixture(autouse=True, scope="module")
def plain_configs() -> Iterator[None]:
    """Without mmengine's formatting of configs, which takes longer than these runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, "pretty_text", property(lambda self: f"cfg = {self.to_dict()!r}"))
        yield


@pytest.fixture(scope="module")
def whole(words: Path, tmp_path_factory: pytest.TempPathFactory) -> SpotterRunner:
    """A run from start to end."""
    return run(config(words, tmp_path_factory.mktemp("whole")))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops that say two digits, with labels for some of them."""
    folder = tmp_path_factory.mktemp("words")
    lines = []
    for number in range(24):
        text = f"{number * 37 % 100:02d}"
        image = np.full((24, 40, 3), 220, np.uint8)
        cv2.putText(image, text, (2, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20, 20, 20), 2)
        cv2.imwrite(str(folder / f"{number}.png"), image)
        lines.append(f"{number}.png {text}\n")
    (folder / "labels.txt").write_text("".join(lines))
    return folder


def config(words: Path, work_dir: Path, **changes: Any) -> Config:
    reader = {"type": "WordListReader", "annotation_file": str(words / "labels.txt")}

    def branches(**pipelines: list) -> list[dict]:
        shared = [{"type": "LoadCrop"}] + ([{"type": "HideText"}] if "weak" in pipelines else [])
        return [{"type": "MultiBranch", "fields": FIELDS, "shared": shared, "branches": pipelines}]

    labelled = branches(labelled=[{"type": "StrongView"}, RESIZE, PACK])
    unlabelled = branches(
        weak=[{"type": "WeakView"}, RESIZE, PACK], strong=[{"type": "StrongView"}, RESIZE, PACK]
    )
    datasets = [
        {"type": "TextRecDataset", "reader": reader, "stop": 8, "pipeline": labelled},
        {"type": "TextRecDataset", "reader": reader, "start": 8, "pipeline": unlabelled},
    ]
    loader = {"num_workers": 0, "collate_fn": {"type": "pseudo_collate"}}
    recognizer = {
        **recognizer_config("attention"),
        "data_preprocessor": {"type": "RecDataPreprocessor"},
    }
    cfg = {
        "task": "recognition",
        "preprocessing": {"height": 32, "mode": "fixed", "width": 48},
        "model": {
            "type": "CharacterConsistency",
            "recognizer": recognizer,
            "momentum": 0.8,
            "threshold": 0.0,
            "domain": {"labelled_threshold": 0.0, "unlabelled_threshold": 0.0},
        },
        "work_dir": str(work_dir),
        "device": "cpu",
        "train_dataloader": {
            **loader,
            "batch_size": 5,
            "sampler": {"type": "RatioSampler"},
            "dataset": {"type": "ConcatDataset", "datasets": datasets, "ratios": [2, 3]},
        },
        "val_dataloader": {
            **loader,
            "batch_size": 8,
            "sampler": {"type": "DefaultSampler", "shuffle": False},
            "dataset": {"type": "TextRecDataset", "reader": reader, "pipeline": PLAIN},
        },
        "val_evaluator": {"type": "WordAccuracy"},
        "val_cfg": {},
        "train_cfg": {"type": "ResumableTrainLoop", "max_iters": 8, "val_interval": 3},
        "optim_wrapper": {
            "type": "AutocastOptimWrapper",
            "constructor": "GroupedOptimWrapperConstructor",
            "optimizer": {"type": "AdamW", "lr": 3e-3, "weight_decay": 0.01},
            "clip_grad": {"max_norm": 5.0},
        },
        "param_scheduler": [{"type": "OneCycleLR", "eta_max": 3e-3}],
        "default_hooks": {
            "checkpoint": {"type": "TimedCheckpointHook", "save_best": "recognition/one_minus_ned"}
        },
        "custom_hooks": [
            {"type": "TargetValidationHook", "metric": "recognition/one_minus_ned"},
            {"type": "LossRecorder"},
        ],
        "randomness": {"seed": 3},
        **changes,
    }
    return Config(cfg)


def run(cfg: Config) -> SpotterRunner:
    runner = SpotterRunner.from_cfg(cfg)
    runner.train()
    return runner


# 3 lies on a validation, 5 inside a pass over the labelled source.
@pytest.mark.parametrize("stop", [3, 5])
def test_a_resumed_run_is_the_same_run(
    whole: SpotterRunner, words: Path, tmp_path: Path, stop: int
) -> None:
    stopping = config(words, tmp_path / "parts")
    stopping.custom_hooks.append({"type": "StopAt", "iteration": stop})
    run(stopping)
    resumed = run(config(words, tmp_path / "parts", resume=True))

    expected = recorded_losses(whole)
    assert recorded_losses(resumed) == {i: expected[i] for i in range(stop, 8)}
    folders = Path(whole.work_dir), tmp_path / "parts"
    first, second = (read_checkpoint(folder / "iter_8.pth") for folder in folders)
    assert first["state_dict"].keys() == second["state_dict"].keys()
    for name, tensor in first["state_dict"].items():
        assert torch.equal(tensor, second["state_dict"][name]), name
    assert int(first["state_dict"]["_extra_state"]) == 8
    moments = first["optimizer"]["state"]
    assert moments.keys() == second["optimizer"]["state"].keys()
    for key, state in moments.items():
        assert torch.equal(state["exp_avg"], second["optimizer"]["state"][key]["exp_avg"])
    assert first["param_schedulers"] == second["param_schedulers"]
    keys = ("best_online", "best_target", "best_score")
    assert {k: first["info"][k] for k in keys} == {k: second["info"][k] for k in keys}


def test_both_models_are_scored_and_saved_and_the_better_named(words: Path, tmp_path: Path) -> None:
    runner = run(config(words, tmp_path, train_cfg={"type": "ResumableTrainLoop", "max_iters": 6}))
    recipe = runner.model
    assert recipe.updates == 6
    scores = {}
    for name, module in (("online", recipe.recognizer), ("target", recipe.target.module)):
        file = tmp_path / f"best_{name}.safetensors"
        state = load_state(file)
        assert state.keys() == module.state_dict().keys()
        assert all(torch.equal(value, module.state_dict()[key]) for key, value in state.items())
        header = read_header(file)
        assert header["card"]["model"] == name
        scores[name] = header["card"]["metrics"]["recognition/one_minus_ned"]
        model, _ = build_from_weights(file)
        runner.model.eval()
        torch.testing.assert_close(
            model(torch.ones(1, 3, 32, 48)), module.eval()(torch.ones(1, 3, 32, 48))
        )
    better = max(scores, key=lambda name: scores[name])
    best = load_state(tmp_path / "best.safetensors")
    other = load_state(tmp_path / f"best_{better}.safetensors")
    assert all(torch.equal(value, other[name]) for name, value in best.items())
    assert recipe.deployed_from == ("target.module" if better == "target" else "recognizer")
    assert runner.message_hub.get_info("best_score") == max(scores.values())
    log = next(Path(runner.log_dir).glob("*.log")).read_text()
    assert f"better: {better}" in log
    assert "target/recognition/accuracy" in log
    assert "pseudo_accuracy" in log


def test_the_hook_wants_a_target(words: Path, tmp_path: Path) -> None:
    cfg = config(words, tmp_path)
    cfg.model.momentum = None
    with pytest.raises(ConfigError, match="CharacterConsistency has no target model"):
        run(cfg)
    cfg = config(words, tmp_path)
    cfg.custom_hooks[0].metric = "recognition/wer"
    cfg.train_cfg.val_interval = 1
    with pytest.raises(ConfigError, match="no metric 'recognition/wer'"):
        run(cfg)


def test_weights_of_another_run_start_both_models(
    whole: SpotterRunner, words: Path, tmp_path: Path
) -> None:
    weights = Path(whole.work_dir) / "best.safetensors"
    cfg = config(words, tmp_path, load_from=str(weights))
    cfg.optim_wrapper.optimizer.lr = 0.0
    cfg.param_scheduler = None
    cfg.train_cfg.max_iters = 1
    runner = run(cfg)
    state = load_state(weights)
    target = runner.model.target.module
    for name, parameter in runner.model.recognizer.named_parameters():
        assert torch.equal(parameter, state[name])
        assert torch.equal(dict(target.named_parameters())[name], state[name])
