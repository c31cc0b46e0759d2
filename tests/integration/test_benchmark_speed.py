"""The benchmark's command line, without a peer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from benchmarks import speed_command
from benchmarks.speed import Measurement, Run
from tests.unit.pipeline.networks import photo

TOOL = "tools/benchmark_speed.py"


def test_ours_alone_with_scores(
    run_script: Callable,
    models: list[str],
    tmp_path: Path,
    capsys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photos, labels = tmp_path / "photos", tmp_path / "gt"
    photos.mkdir()
    labels.mkdir()
    for index in (1, 2):
        image = photo(100, 60, [(10, 10, 45, 10)], seed=index)
        (photos / f"img_{index}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
        # The box as the post-processor grows it; the labels' frame is half the stored photo's.
        (labels / f"gt_img_{index}.txt").write_text("2,2,30.5,2,30.5,13,2,13,word\n")
    # Another process would spend seconds on its imports.
    monkeypatch.setattr("subprocess.run", lambda *a, **k: type("Done", (), DONE)())
    report = tmp_path / "report.json"
    run_script(
        TOOL, photos, "--peer", "none", "--repeat", 2, "--resize", "200x120", "--json", report,
        "--ground-truth", labels, "--gt-scale", "2,2", *models,
    )  # fmt: skip
    content = json.loads(report.read_text())
    assert (content["photos"], content["threads"], content["repeat"]) == (2, 1, 2)
    [ours] = content["sides"]
    assert ours["side"] == "spotter"
    assert ours["peak_memory_mib"] == 123.5
    assert ours["whole_ms"] >= ours["detection_ms"] > 0
    assert ours["words_per_photo"] == 1.0
    assert ours["detection_hmean"] == 1.0
    assert "detection hmean" in capsys.readouterr().out
    assert speed_command.Pair("x").convert("1280x720", None, None) == (1280.0, 720.0)


DONE = {"returncode": 0, "stdout": "noise\n123.5\n", "stderr": ""}


def test_ratios(capsys) -> None:
    from rich.console import Console

    ours = Measurement("spotter", [Run([], 10, 5, 15)], [[]], 100.0)
    peer = Measurement("peer", [Run([], 30, 30, 60)], [[]], 250.0)
    Console(width=120).print(speed_command.make_table([ours, peer], "title"))
    out = capsys.readouterr().out
    assert "60.0 (4.00x)" in out
    assert "250.0 (2.50x)" in out
