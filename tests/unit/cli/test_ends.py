"""How commands end where the system refuses: one line, and what was written stays valid."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.main import cli
from spotter.errors import TrainingInterrupted
from spotter.io.jsonl import JsonLines, read_json_lines
from spotter.io.writing import write_file
from tests.unit.full_disk import full_disk
from tests.unit.pipeline.networks import bright_detector, digit_recognizer, photo

resource = pytest.importorskip("resource")

_PNG = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


def line_of(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    """The one line that a command ends with."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        run_tool(lambda: run(cli, [str(each) for each in arguments]))
    printed = capsys.readouterr().err
    assert ended.value.code == 2, printed
    errors = [line for line in printed.splitlines() if "error" in line]
    assert len(errors) == 1
    assert "Traceback" not in printed
    return errors[0]


def test_files_are_whole_or_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    write_file(path, "old")
    with full_disk(1000), pytest.raises(OSError, match="too large") as refused:
        write_file(path, bytes(5000))
    assert refused.value.filename == str(path)
    assert [file.read_text() for file in path.parent.iterdir()] == ["old"]


def test_lines_before_a_full_disk_stay_valid(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with JsonLines(path) as lines:
        lines.append({"image": "a"})
        with full_disk(1000), pytest.raises(Exception, match="cannot be written"):
            lines.append({"image": "b", "text": "x" * 5000})
    assert [line["image"] for line in read_json_lines(path)] == ["a"]
    with JsonLines(path) as lines:
        assert lines.done == {"a"}


def test_scores_on_a_full_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, report = tmp_path / "gt.zip", tmp_path / "scores.json"
    with zipfile.ZipFile(truth, "w") as archive:
        archive.writestr("gt_img_1.txt", "0,0,10,0,10,10,0,10,Hotel\n")
    predictions = tmp_path / "p.jsonl"
    predictions.write_text('{"image": "img_1", "instances": []}\n')
    report.write_text("old")
    with full_disk(100):
        arguments = ("evaluate", "detection", predictions, truth, "--json", report)
        assert line_of(capsys, *arguments).endswith("scores.json: File too large")
    assert report.read_text() == "old"


def test_conversion_goes_on_after_a_full_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "words.jsonl"
    records = [{"img_path": f"{n}.png", "text": f"word {n}"} for n in range(300)]
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    for record in records:
        (tmp_path / record["img_path"]).write_bytes(_PNG)
    arguments = ["convert", "canonical_words", source, tmp_path / "out", "--to", "canonical"]
    with full_disk(8000):
        assert "File too large" in line_of(capsys, *arguments)
    run(cli, [str(each) for each in arguments])
    (written,) = (tmp_path / "out").glob("*.jsonl")
    texts = [json.loads(line)["text"] for line in written.read_text().splitlines()]
    assert texts == [record["text"] for record in records]


def test_output_that_nobody_takes(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))

    with pytest.raises(SystemExit) as ended:
        run_tool(main)
    assert ended.value.code == 141
    assert capsys.readouterr().err == ""


def ended(script: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A shell's run of ``$SPOTTER``, the command."""
    root = str(Path(__file__).parents[3])
    places = {"PYTHONPATH": root, "SPOTTER": f"{sys.executable} -m spotter", **environment}
    return subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, env={**os.environ, **places}, capture_output=True
    )


def test_output_that_is_closed_or_of_another_encoding(tmp_path: Path) -> None:
    models = (
        f"--detector {bright_detector(tmp_path / 'bright.onnx')}"
        f" --recognizer {digit_recognizer(tmp_path / 'digits.onnx')} --threads 1"
    )
    name = "ünïcödé 日本.png"
    (tmp_path / name).write_bytes(cv2.imencode(".png", photo(200, 120, [(20, 20, 90, 20)], 0))[1])
    closed = ended(f"$SPOTTER spot *.png --json {models} >&-", tmp_path)
    assert (closed.returncode, closed.stderr) == (0, b"")
    script = f"$SPOTTER spot *.png {models} && $SPOTTER spot *.png --json {models}"
    latin = ended(script, tmp_path, PYTHONIOENCODING="latin-1")
    assert (latin.returncode, latin.stderr) == (0, b"")
    *table, line = latin.stdout.splitlines()
    assert table[0].startswith(r"ünïcödé \u65e5\u672c.png".encode("latin-1"))
    assert json.loads(line)["image"] == name


def test_an_adaptation_that_was_terminated_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped() -> None:
        raise TrainingInterrupted(128 + signal.SIGTERM)

    with pytest.raises(SystemExit) as ended:
        run_tool(stopped)
    assert ended.value.code == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "interrupted\n"


def test_a_training_that_was_terminated_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mmengine")
    from spotter.training.runner import SpotterRunner
    from tests.unit.training.toy import toy_config

    config = tmp_path / "toy.py"
    config.write_text(toy_config(tmp_path / "run").pretty_text)
    iterations: list[int] = []
    step = SpotterRunner.call_hook

    def terminated(runner: Any, name: str, **arguments: Any) -> None:
        if name == "before_train_iter":
            iterations.append(runner.iter)
            signal.raise_signal(signal.SIGTERM)
        step(runner, name, **arguments)

    monkeypatch.setattr(SpotterRunner, "call_hook", terminated)
    options = ["--work-dir", str(tmp_path / "run")]
    with pytest.raises(SystemExit) as ended:
        run_tool(lambda: run(cli, ["train", str(config), *options]))
    assert ended.value.code == 143
    assert iterations == [0]
    assert (tmp_path / "run" / "iter_1.pth").is_file()
