"""A step of two gloo processes against one of a single process on the joined batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.unit.methods.semi_distributed_run import CASES, step

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder = tmp_path_factory.mktemp("semi")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += [
        "--nproc-per-node",
        "2",
        "-m",
        "tests.unit.methods.semi_distributed_run",
        str(folder),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("case", CASES)
def test_two_processes_learn_as_one_on_the_joined_batch(ranks: list[dict], case: str) -> None:
    single = step(case)
    zero, one = (rank[case] for rank in ranks)
    assert zero["losses"].keys() == single["losses"].keys()
    for name, value in single["losses"].items():
        mean = (zero["losses"][name] + one["losses"][name]) / 2
        assert mean == pytest.approx(value, rel=1e-4, abs=1e-7), name
    shares = zero["losses"]["kept"], one["losses"]["kept"]
    # The processes keep different numbers of crops, or none at all.
    assert shares == (0.0, 0.0) if case == "nothing kept" else shares[0] != shares[1]
    assert zero["gradients"].keys() == single["gradients"].keys()
    for name, gradient in single["gradients"].items():
        expected = np.array(gradient)
        scale = np.abs(expected).max()
        for rank in (zero, one):
            np.testing.assert_allclose(
                rank["gradients"][name], expected, rtol=1e-3, atol=1e-5 * scale + 1e-8, err_msg=name
            )
