"""The loss of two gloo processes against that of one process on the joined batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spotter.methods.gathering import gather_rows
from tests.unit.methods.distributed_run import SPLITS, Net, batch, result

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder = tmp_path_factory.mktemp("two")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "tests.unit.methods.distributed_run", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("split", SPLITS)
def test_two_processes_give_the_loss_and_gradient_of_one(ranks: list[dict], split: str) -> None:
    net = Net()
    loss = net(*batch())
    loss.backward()
    single = result(loss, net)
    zero, one = (rank[split] for rank in ranks)
    assert (zero["loss"] + one["loss"]) / 2 == pytest.approx(single["loss"], rel=1e-5)
    for rank in (zero, one):
        assert rank["gradient"] == pytest.approx(single["gradient"], rel=1e-4, abs=1e-6)


def test_rows_come_in_rank_order_with_their_place(ranks: list[dict]) -> None:
    assert [rank["gathered"]["rows"] for rank in ranks] == [[0.0, 1.0, 1.0]] * 2
    assert [rank["gathered"]["place"] for rank in ranks] == [0, 1]


def test_a_process_alone_gathers_nothing() -> None:
    rows = torch.ones(2, 3, requires_grad=True)
    gathered, place = gather_rows(rows)
    assert gathered is rows
    assert place == 0
