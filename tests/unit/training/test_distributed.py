"""Two processes on gloo, started by torchrun, against one process on the joined batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spotter.errors import ConfigError
from spotter.training.distributed import (
    agree,
    gather_objects,
    select_device,
    start,
    synchronize_norms,
)
from tests.unit.training import distributed_run

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two processes, see :func:`tests.unit.training.distributed_run.main`."""
    folder = tmp_path_factory.mktemp("two")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "tests.unit.training.distributed_run", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500
    )
    # What went wrong first stands at the head; torchrun's own report at the end.
    assert done.returncode == 0, f"{done.stderr[:6000]}\n[...]\n{done.stderr[-2000:]}"
    return folder


def test_synchronised_norms() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    assert synchronize_norms(model, "torch", cpu, 1) is model
    with pytest.raises(ConfigError, match="needs a GPU"):
        synchronize_norms(model, "torch", cpu, 2)
    with pytest.raises(ConfigError, match="'mmcv' is not 'torch'"):
        synchronize_norms(model, "mmcv", gpu, 2)
    statistics = model[1].running_mean
    converted = synchronize_norms(model, True, gpu, 2)
    assert type(converted[1]) is torch.nn.SyncBatchNorm
    assert converted[1].running_mean is statistics


def results(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("rank*.json"))]


def test_two_processes_train_as_one_on_the_joined_batch(folder: Path, tmp_path: Path) -> None:
    zero, one = results(folder / "joined")
    assert zero["world_size"] == 2
    assert zero["weights"] == one["weights"]
    # Processes must not share their dropout.
    assert zero["draw"] != one["draw"]
    distributed_run.train(tmp_path, "none", 8, 5)
    (single,) = results(tmp_path)
    for iteration, loss in single["losses"].items():
        mean = (zero["losses"][iteration] + one["losses"][iteration]) / 2
        assert mean == pytest.approx(loss, rel=1e-5)
    for name, weights in single["weights"].items():
        assert zero["weights"][name] == pytest.approx(weights, rel=1e-4, abs=1e-6)


def test_distributed_resume_is_exact(folder: Path) -> None:
    whole, parts = results(folder / "whole"), results(folder / "parts")
    for a, b in zip(whole, parts, strict=True):
        assert {k: v for k, v in a["losses"].items() if int(k) >= 3} == b["losses"]
        assert a["draw"] == b["draw"]
    assert whole[0]["weights"] == parts[0]["weights"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts the threads of Linux")
def test_no_thread_of_the_group_lives_until_the_interpreter_ends(folder: Path) -> None:
    threads = [json.loads((folder / f"threads{rank}.json").read_text()) for rank in (0, 1)]
    assert all(names for names in threads)
    assert [name for names in threads for name in names if "gloo" in name] == []


def test_one_process_needs_no_others() -> None:
    assert agree(True, torch.device("cpu"))
    assert not agree(False, torch.device("cpu"))
    assert gather_objects(3) == [3]
    assert select_device("cpu") == torch.device("cpu")


def test_slurm_environment_becomes_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        torch.distributed, "init_process_group", lambda **kwargs: calls.append(kwargs)
    )
    calls: list[dict] = []
    for key in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_PORT"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(ConfigError, match="SLURM_PROCID"):
        start("slurm", torch.device("cpu"))
    for key, value in {"PROCID": "5", "LOCALID": "1", "NTASKS": "8", "NODELIST": "n[1-4]"}.items():
        monkeypatch.setenv(f"SLURM_{key}", value)
    monkeypatch.setenv("MASTER_ADDR", "n1")
    # So that what start sets is undone after the test.
    for key in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_PORT"):
        monkeypatch.setenv(key, "")
        if key == "MASTER_PORT":
            monkeypatch.delenv(key)
    start("slurm", torch.device("cpu"))
    assert [os.environ[k] for k in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_PORT")] == [
        "5",
        "1",
        "8",
        "29500",
    ]
    assert calls[0]["backend"] == "gloo"
