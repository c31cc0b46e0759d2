"""Workers of loaders when a signal ends the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.training.toy import toy_config

ROOT = Path(__file__).parents[3]


def loader(shuffle: bool) -> dict[str, Any]:
    return {
        "dataset": {"type": "ToyDataset"},
        "batch_size": 4,
        "num_workers": 2,
        "persistent_workers": True,
        "collate_fn": {"type": "pseudo_collate"},
        "sampler": {"type": "DefaultSampler", "shuffle": shuffle},
    }


@pytest.mark.skipif(not hasattr(signal, "sigwaitinfo"), reason="needs sigwaitinfo")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_to_the_group_saves_and_leaves_no_traceback(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    config = toy_config(
        tmp_path / "run",
        train_dataloader=loader(True),
        val_dataloader=loader(False),
        train_cfg={"type": "ResumableTrainLoop", "max_iters": 10**6, "val_interval": 2},
        custom_imports={"imports": ["tests.unit.training.toy"]},
    )
    (tmp_path / "toy.py").write_text(config.pretty_text)
    command = [sys.executable, "-m", "spotter", "train", str(tmp_path / "toy.py")]
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    ) as training:
        assert training.stdout is not None
        for line in training.stdout:
            # Then both loaders have their workers.
            if "val at iteration 2" in line:
                os.killpg(training.pid, number)
            lines.append(line)
    said = "".join(lines)
    assert training.returncode == status, said
    assert "Traceback" not in said
    (saved,) = (tmp_path / "run").glob("iter_*.pth")
    assert lines[-1].endswith(f"saved {saved.name}\n")
