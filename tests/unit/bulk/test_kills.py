"""Runs that are killed at any point end with the bytes of a run that was not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from spotter.bulk import packed_outputs
from spotter.bulk.outputs import open_output
from spotter.bulk.run import BulkOptions, run_in_bulk
from tests.unit.bulk.toy import ToyJob, write_photos

ROOT = Path(__file__).parents[3]


def content(out: Path) -> dict[str, bytes]:
    """What an output consists of, and nothing that was left beside it."""
    files = [out] if out.is_file() else sorted(out.iterdir())
    assert [each.name for each in out.parent.iterdir() if each.name.startswith(".")] == []
    return {file.name: file.read_bytes() for file in files}


def start(folder: Path, out: Path, delay: float) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.unit.bulk.toy", str(folder), str(out), "2", str(delay)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


def progress(out: Path) -> int:
    """Bytes that a run has written, in the output or the journal beside or in it."""
    files = [*out.parent.glob(f".{out.name}*"), *out.parent.glob(f"{out.name}/.*"), out]
    total = 0
    for file in files:
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def kill_after(run: subprocess.Popen, out: Path, growth: int, chance: random.Random) -> bool:
    """Kill a run, with all that it started, when it has written something; false if it ended."""
    before = progress(out)
    while abs(progress(out) - before) < growth:
        if run.poll() is not None:
            return False
        time.sleep(0.002)
    time.sleep(chance.random() * 0.05)
    started = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    # Workers die with the run, also in the middle of a photo.
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive, [each.cmdline() for each in alive]
    return True


def killed_again_and_again(tmp_path: Path, ending: str, kills: int, seed: int) -> None:
    texts = {f"{n % 5}/{n:03d}.png": "broken" if n % 10 == 3 else f"text {n}" for n in range(60)}
    texts |= {f"{n % 5}/{n:03d}.pdf": "pages3" for n in range(0, 60, 9)}
    folder = write_photos(tmp_path / "photos", texts)
    whole = tmp_path / "whole" / f"out{ending}"
    packed_outputs.PART_PHOTOS = 7
    run_in_bulk([folder], whole, ToyJob(), BulkOptions(2))
    chance, out, done = random.Random(seed), tmp_path / "killed" / f"out{ending}", 0
    while done < kills:
        run = start(folder, out, 0.02)
        if kill_after(run, out, chance.randrange(1, 900), chance):
            done += 1
            continue
        assert run.returncode == 0
        assert content(out) == content(whole)
        for file in [out] if out.is_file() else [*out.iterdir()]:
            file.unlink()
    assert start(folder, out, 0.0).wait() == 0
    assert content(out) == content(whole)


@pytest.fixture(autouse=True)
def _same_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_outputs, "PART_PHOTOS", 7)


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    killed_again_and_again(tmp_path, ".jsonl", 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.zst", ".parquet"])
def test_runs_that_are_killed_again_and_again(tmp_path: Path, ending: str) -> None:
    killed_again_and_again(tmp_path, ending, 20, 1)


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", {"a.png": "a", "b.png": "hang"})
    out = tmp_path / "out.jsonl"
    first = start(folder, out, 0.0)
    try:
        while not (out.is_file() and out.stat().st_size):
            assert first.poll() is None
            time.sleep(0.01)
        code = f"from spotter.bulk.outputs import open_output; open_output({str(out)!r})"
        command = [sys.executable, "-c", code]
        second = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert f"out.jsonl: is being written by process {first.pid} on" in second.stderr
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    output = open_output(out)
    assert [line.image for line in output.entries()] == ["a.png"]
    output.close(True)
