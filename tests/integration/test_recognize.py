"""Bulk reading of word crops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.errors import ImageError
from spotter.io.jsonl import read_json_lines
from tests.unit.pipeline.networks import photo, written


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    folder = tmp_path / "crops"
    folder.mkdir()
    tall = np.ascontiguousarray(np.rot90(written("27182818")))
    for index, crop in enumerate([photo(60, 30, [(4, 4, 20, 20)]), tall, written("161803398874")]):
        data = cv2.imencode(".png", crop)[1]
        (folder / f"w{index}.png").write_bytes(data.tobytes())
    return folder


def test_folder_list_and_resume(
    run_script: Callable, models: list[str], crops: Path, tmp_path: Path, capsys
) -> None:
    options = models[2:]
    out = tmp_path / "read.jsonl"
    run_script("tools/recognize.py", crops, "--out", out, *options)
    records = list(read_json_lines(out))
    assert [r["image"] for r in records] == ["w0.png", "w1.png", "w2.png"]
    assert all(r["text"] and 0 < r["score"] <= 1 and r["error"] is None for r in records)

    listing = crops / "list.txt"
    listing.write_text("w2.png\nw0.png\n\ngone.png\n")
    listed = tmp_path / "listed.jsonl"
    run_script("tools/recognize.py", listing, "--out", listed, "--batch-size", 1, *options)
    assert "3 new of 3 crops, 1 could not be read" in capsys.readouterr().out
    again = list(read_json_lines(listed))
    assert again[:2] == [records[2], records[0]]
    assert again[2]["text"] is None
    assert "no such file" in again[2]["error"]

    run_script("tools/recognize.py", listing, "--out", listed, *options)
    assert "0 new of 3" in capsys.readouterr().out


def test_no_turn(run_script: Callable, models: list[str], crops: Path, tmp_path: Path) -> None:
    texts = []
    for flags in ([], ["--no-turn"]):
        out = tmp_path / f"read{len(flags)}.jsonl"
        run_script("tools/recognize.py", crops, "--out", out, *flags, *models[2:])
        texts.append([r["text"] for r in read_json_lines(out)])
    assert texts[0][::2] == texts[1][::2]
    assert texts[0][1:] == ["27182818", "161803398874"]
    assert texts[1][1] != "27182818"


def test_neither_folder_nor_list(run_script: Callable, models: list[str], tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="not a folder"):
        run_script("tools/recognize.py", tmp_path / "no", "--out", tmp_path / "o", *models[2:])
