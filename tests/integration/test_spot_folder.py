"""Bulk spotting: one line per photo, resumable."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from PIL import Image

from spotter.errors import ImageError
from spotter.io.jsonl import read_json_lines
from tests.unit.pipeline.networks import photo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    for name in ("b.png", "sub/a.jpg", "sub/c.PNG"):
        data = cv2.imencode(".png", photo(200, 120, [(20, 20, 90, 20)], seed=len(name)))[1]
        (folder / name).write_bytes(data.tobytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8nothing")
    (folder / "readme.txt").write_text("no photo")
    return folder


def test_lines_errors_and_resume(
    run_script: Callable, models: list[str], folder: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "results.jsonl"
    run_script("tools/spot_folder.py", folder, "--out", out, "--chunk", 3, *models)
    assert "4 new of 4 photos, 1 could not be read" in capsys.readouterr().out
    records = list(read_json_lines(out))
    assert [r["image"] for r in records] == ["b.png", "broken.jpg", "sub/a.jpg", "sub/c.PNG"]
    assert [r["error"] is None for r in records] == [True, False, True, True]
    assert all(len(r["instances"]) == 1 for r in records if r["error"] is None)

    # Interrupted in the middle of the third line: only the last two photos are done again.
    lines = out.read_text().splitlines(keepends=True)
    marked = json.loads(lines[0]) | {"kept": True}
    out.write_text(json.dumps(marked) + "\n" + lines[1] + lines[2][:40])
    run_script("tools/spot_folder.py", folder, "--out", out, *models)
    assert "2 new of 4" in capsys.readouterr().out
    again = list(read_json_lines(out))
    assert again[0].pop("kept")
    assert again == records

    run_script("tools/spot_folder.py", folder, "--out", out, *models)
    assert "0 new of 4" in capsys.readouterr().out


def test_wrong_folders(run_script: Callable, models: list[str], tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such folder"):
        run_script("tools/spot_folder.py", tmp_path / "no", "--out", tmp_path / "o.jsonl", *models)
    with pytest.raises(ImageError, match="no image"):
        run_script("tools/spot_folder.py", tmp_path, "--out", tmp_path / "o.jsonl", *models)


def test_whatever_lies_in_a_folder_has_its_line(
    run_script: Callable, models: list[str], tmp_path: Path, capsys
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    pages = [Image.new("L", (64, 64), level) for level in (0, 40)]
    pages[0].save(folder / "scan.tif", save_all=True, append_images=pages[1:])
    (folder / "eps.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    (folder / "link.png").symlink_to(tmp_path / "gone.png")
    expected = {"eps.jpg": "EPS", "link.png": "no such file", "scan.tif": None}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.gif")
        expected["pipe.gif"] = "is a pipe"
    try:
        (folder / os.fsdecode(b"caf\xe9.bmp")).write_bytes(b"BM")
        expected["caf\\xe9.bmp"] = "BMP"
    except OSError:
        pass
    out = tmp_path / "results.jsonl"
    run_script("tools/spot_folder.py", folder, "--out", out, *models)
    records = list(read_json_lines(out))
    assert {record["image"] for record in records} == set(expected)
    for record in records:
        says = expected[record["image"]]
        assert record["error"] is None if says is None else says in record["error"]
    assert [r["page"] for r in records if r["image"] == "scan.tif"] == [1, 2]
    capsys.readouterr()
    run_script("tools/spot_folder.py", folder, "--out", out, *models)
    assert f"0 new of {len(expected)}" in capsys.readouterr().out
