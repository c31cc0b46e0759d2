"""One table over benchmark sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.command import _command
from spotter.errors import ConfigError
from tests.unit.benchmarks.conftest import validation_root

__all__ = ["validation_root"]

TOOL = "tools/benchmark.py"


@pytest.fixture
def names(models: list[str]) -> tuple[str, str]:
    """Files of the detector and the recognizer."""
    return models[1], models[3]


def run(run_script: Callable, root: Path, *arguments: object) -> dict:
    out = root.parent / "scores.json"
    options = ["--data", root, "--out", root.parent / "runs", "--json", out, "--threads", 1]
    run_script(TOOL, *arguments, *options)
    return json.loads(out.read_text())


def test_whole_suite(
    run_script: Callable, names, validation_root: Path, tmp_path: Path, capsys
) -> None:
    page = tmp_path / "docs/benchmarks.md"
    arguments = ["+".join(names), "--suite", "validation", "--markdown", page, "--min-score", 0]
    report = run(run_script, validation_root, *arguments)
    assert report["systems"][0]["name"] == "bright + digits"
    scores = {(s["set_name"], s["task"], s["protocol"]): s["values"] for s in report["scores"]}
    # The second label of SVT is wrong on purpose.
    assert scores["SVT", "recognition", "36"]["accuracy"] == 0.5
    words = "ICDAR2015 words 3961-4468"
    assert scores[words, "recognition", "36"]["accuracy"] == 1.0
    photos = "ICDAR2015 photos 901-1000"
    assert scores[photos, "detection", "icdar2015"]["detections"] == 2
    assert scores[photos, "detection", "cleval"]["recall"] == 1.0
    assert scores["SVT and ICDAR2015, weighted mean", "recognition", ""]["accuracy"] == 0.75
    assert scores["SVT", "recognition", "exact"]["accuracy"] == 0.5
    assert (
        scores[photos, "end_to_end", "exact"]["recall"]
        == scores[photos, "end_to_end", "icdar2015"]["recall"]
    )
    assert f"{photos}: 2 count, the literature has 100" in report["notes"]
    text = page.read_text()
    assert text.splitlines()[2].startswith("Made by this command")
    shown = "bright.onnx+digits.onnx --suite validation --markdown benchmarks.md --min-score 0"
    assert f"tools/benchmark.py {shown} --data data --threads 1\n" in text
    assert str(tmp_path) not in text
    assert "| SVT | word accuracy, 36 characters | 50.00 |" in text
    assert "validation" in capsys.readouterr().out

    # Nothing is read again.
    file = next((tmp_path / "runs").rglob("SVT.jsonl"))
    file.write_text(file.read_text().replace("31415926", "0"))
    again = run(run_script, validation_root, *arguments)
    assert again["scores"][0]["values"]["accuracy"] == 0.0


def test_one_stage_runs_on_its_own_sets(run_script: Callable, names, validation_root: Path) -> None:
    detector, recognizer = names
    report = run(run_script, validation_root, recognizer, "--suite", "validation", "--sets", "SVT")
    assert {s["task"] for s in report["scores"]} == {"recognition"}
    report = run(run_script, validation_root, detector, recognizer, "--suite", "validation")
    assert {s["system"] for s in report["scores"] if s["task"] == "detection"} == {"bright"}
    assert "end_to_end" not in {s["task"] for s in report["scores"]}


def test_the_command_is_shown_without_paths_of_the_machine() -> None:
    given = [
        "/a/b.onnx+/a/c.onnx",
        "--data=/d",
        "--out",
        "/e",
        "--markdown=/f/g.md",
        "--suite",
        "s",
    ]
    shown = "tools/benchmark.py b.onnx+c.onnx --data data --markdown=g.md --suite s"
    assert _command(given) == shown


def test_nothing_there(run_script: Callable, names, tmp_path: Path) -> None:
    options = [names[1], "--data", tmp_path, "--suite"]
    with pytest.raises(ConfigError, match=r"holds none of IIIT5k_3000, .*CUTE80"):
        run_script(TOOL, *options, "str6")
    with pytest.raises(ConfigError, match="name a --suite or folders"):
        run_script(TOOL, names[1])
    with pytest.raises(ConfigError, match="no such folder"):
        run_script(TOOL, names[1], "--suite", "str6")
    with pytest.raises(ConfigError, match="no suite 'nope'"):
        run_script(TOOL, *options, "nope")
    with pytest.raises(ConfigError, match="no set 'nope'"):
        run_script(TOOL, *options, "str6", "--sets", "nope")


def test_bad_models(run_script: Callable, names, validation_root: Path) -> None:
    options = ["--data", validation_root, "--suite", "validation", "--sets", "SVT"]
    with pytest.raises(ConfigError, match="name a MODEL"):
        run_script(TOOL, *options)
    with pytest.raises(ConfigError, match="named twice"):
        run_script(TOOL, names[1], names[1], *options)
    with pytest.raises(ConfigError, match="not a detector and a recognizer"):
        run_script(TOOL, f"{names[0]}+{names[0]}", *options)
