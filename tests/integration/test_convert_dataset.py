"""From the command line to a converted set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotter.data.readers import LMDBReader
from spotter.errors import ConfigError

TOOL = "tools/convert_dataset.py"


@pytest.fixture
def icdar(tmp_path: Path) -> Path:
    """Two photos, three good lines, one line that is none, one photo that is missing."""
    for folder in ("images", "gt"):
        (tmp_path / "set" / folder).mkdir(parents=True)
    for number in (1, 2):
        pixels = np.full((30, 60, 3), 90, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"set/images/img_{number}.png")
    lines = "2,2,42,2,42,12,2,12,EXIT\n0,0,9\n2,14,42,14,42,24,2,24,###\n"
    (tmp_path / "set/gt/gt_img_1.txt").write_text(lines)
    (tmp_path / "set/gt/gt_img_2.txt").write_text("2,2,32,2,32,22,2,22,\n")
    (tmp_path / "set/gt/gt_img_3.txt").write_text("")
    return tmp_path / "set"


def test_counts_and_refusals(run_script: Callable, icdar: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    run_script(TOOL, "icdar2015", icdar, out)
    printed = capsys.readouterr()
    assert printed.out == (
        f"{out}: 2 photos, 1 labelled words, 1 without text, 1 ignored words, 2 refused\n"
    )
    refused = (out / "refused.txt").read_text().splitlines()
    assert len(refused) == 2
    assert refused[0].startswith(f"{icdar}/gt/gt_img_1.txt:2: ")
    assert "no photo img_3" in refused[1]
    assert f"refused: {refused[0]}" in printed.err
    lines = [json.loads(line) for line in (out / "labels.jsonl").read_text().splitlines()]
    assert [len(line["instances"]) for line in lines] == [2, 1]
    assert lines[0]["img_path"] == "../set/images/img_1.png"


def test_crops(run_script: Callable, icdar: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "words"
    options = ("--to", "lmdb", "--crops", "--margin", 0.1, "--unlabelled")
    run_script(TOOL, "icdar2015", icdar, out, *options)
    assert capsys.readouterr().out == (
        f"{out}: 2 word crops, 1 without text, 1 ignored words left out, 2 refused\n"
    )
    assert [sample["text"] for sample in LMDBReader(out)] == ["EXIT", None]
    with pytest.raises(ConfigError, match=r"was begun with margin 0.1"):
        run_script(TOOL, "icdar2015", icdar, out, "--to", "lmdb", "--crops", "--unlabelled")
    run_script(TOOL, "icdar2015", icdar, out, "--to", "lmdb", "--crops", "--restart")
    assert "1 word crops, 1 ignored words left out, 1 left out (unlabelled)" in (
        capsys.readouterr().out
    )
    with pytest.raises(ConfigError, match="holds word crops already"):
        run_script(TOOL, "lmdb", out, tmp_path / "more", "--crops")


def test_reader_options(run_script: Callable, icdar: Path, tmp_path: Path, capsys) -> None:
    options = ("--to", "icdar", "--images", "copy", "--reader-options", "scale=(0.5,0.5)")
    run_script(TOOL, "icdar2015", icdar, tmp_path / "out", *options, "--stop", "1")
    assert "1 photos" in capsys.readouterr().out
    lines = (tmp_path / "out/gt/gt_img_1.txt").read_text().splitlines()
    assert lines[0] == "1,1,21,1,21,6,1,6,EXIT"
    assert (tmp_path / "out/images/img_1.png").is_file()


def test_the_list(run_script: Callable, capsys) -> None:
    run_script(TOOL, "--list")
    printed = capsys.readouterr().out
    assert "msra_td500" in printed
    assert "data.mdb" in printed


def test_wrong_names(run_script: Callable, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such layout; one of art, canonical"):
        run_script(TOOL, "icdar1999", tmp_path, tmp_path / "out")
    with pytest.raises(ConfigError, match=f"{tmp_path}: holds no conversion"):
        run_script(TOOL, "icdar2015", tmp_path, tmp_path, "--restart")
