import os
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from research.release.peer_averaging import PEER_ITERATIONS, PeerAveragingHook
from spotter.errors import ConfigError
from spotter.training.runner import SpotterRunner
from tests.unit.training.toy import ToyRegressor, toy_config


def model(seed: int, channels: int = 4) -> ToyRegressor:
    torch.manual_seed(seed)
    made = ToyRegressor(channels)
    made(torch.randn(8, 1, 6, 6))  # norm statistics unlike another seed's
    return made


def states(*models: ToyRegressor) -> list[dict[str, torch.Tensor]]:
    return [{k: v.clone() for k, v in each.state_dict().items()} for each in models]


def test_weights_and_norm_statistics_become_the_mean_of_all_peers(tmp_path: Path) -> None:
    models = [model(seed) for seed in range(3)]
    before = states(*models)
    hooks = [PeerAveragingHook(tmp_path, name) for name in "abc"]
    for hook, each in zip(hooks[1:], models[1:], strict=True):
        hook.publish(each, 5)
    assert hooks[0].average(models[0]) == 2
    for name, weight in models[0].state_dict().items():
        if weight.is_floating_point():
            expected = torch.stack([state[name] for state in before]).mean(0)
            torch.testing.assert_close(weight, expected)
    assert models[0].norm.running_mean is not None
    # What is known already does not count twice, and the others were not touched.
    assert hooks[0].average(models[0]) == 0
    for each, state in zip(models[1:], before[1:], strict=True):
        torch.testing.assert_close(each.state_dict(), state)


def test_a_run_counts_as_much_as_the_iterations_that_it_made(tmp_path: Path) -> None:
    mine, other = model(0), model(1)
    hook, peer = (PeerAveragingHook(tmp_path, name) for name in ("mine", "peer"))
    peer.publish(other, 100)
    hook.average(mine, 30)  # as much: nobody knows how many of the 100 are new
    before = states(mine)[0]
    peer.publish(other, 110)
    assert hook.average(mine, 30) == 1
    for name, weight in mine.state_dict().items():
        if weight.is_floating_point():
            expected = 0.75 * before[name] + 0.25 * other.state_dict()[name]
            torch.testing.assert_close(weight, expected)


def test_weights_of_runs_that_are_over_and_broken_files_are_left_alone(tmp_path: Path) -> None:
    mine, hook = model(0), PeerAveragingHook(tmp_path, "mine", stale=60)
    PeerAveragingHook(tmp_path, "old").publish(model(1), 1)
    os.utime(tmp_path / "old.safetensors", (time.time() - 61,) * 2)
    (tmp_path / "broken.safetensors").write_bytes(b"no weights")
    hook.publish(mine, 1)
    assert hook.average(mine) == 0
    os.utime(tmp_path / "old.safetensors")
    assert hook.average(mine) == 1


def test_weights_of_another_model_are_named(tmp_path: Path) -> None:
    PeerAveragingHook(tmp_path, "wide").publish(model(0, channels=8), 1)
    with pytest.raises(ConfigError, match=r"wide\.safetensors: weights of another model \(of "):
        PeerAveragingHook(tmp_path, "narrow").average(model(0))
    with pytest.raises(ConfigError, match="must be positive"):
        PeerAveragingHook(tmp_path, "narrow", seconds=0)


def test_a_run_goes_on_from_the_mean_with_its_peer(tmp_path: Path) -> None:
    def run(seed: int, folder: Path, max_iters: int) -> dict[str, torch.Tensor]:
        hook = {"type": "PeerAveragingHook", "folder": str(folder), "name": f"{seed}"}
        cfg = toy_config(
            tmp_path / "runs" / f"{seed}",
            max_iters,
            custom_hooks=[{**hook, "seconds": 1e-9}],
            randomness={"seed": seed},
        )
        runner = SpotterRunner.from_cfg(cfg)
        runner.train()
        counts.append(runner.message_hub.get_info(PEER_ITERATIONS, 0))
        return load_file(folder / f"{seed}.safetensors")

    counts: list[int] = []
    together, alone = tmp_path / "together", tmp_path / "alone"
    first = run(1, together, 3)
    second = run(2, together, 1)
    expected = run(2, alone, 1)
    assert counts == [0, 3, 0]
    for name, weight in first.items():
        torch.testing.assert_close(second[name], (weight + expected[name]) / 2)
