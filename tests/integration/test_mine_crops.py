"""Mining crops from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from spotter.data.readers import LMDBReader
from spotter.errors import ConfigError
from tests.unit.pipeline.networks import photo


def test_mining_from_folders_and_lists(
    run_script: Callable, models: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        cv2.imwrite(str(folder / f"{seed}.png"), photo(200, 120, [(20, 20, 90, 24)], seed))
    (folder / "bad.png").write_bytes(b"no picture")
    (tmp_path / "list.txt").write_text("photos/0.png\n")
    options = ["--detector", models[1], "--threads", 1, "--min-score", 0.3]
    out = tmp_path / "crops.lmdb"
    run_script("tools/mine_crops.py", tmp_path / "list.txt", "--out", out, *options)
    assert "1 crops of 1 new photos, 1 in all" in capsys.readouterr().out
    sheet = tmp_path / "sheet.jpg"
    with pytest.raises(ConfigError, match="other settings"):
        run_script("tools/mine_crops.py", folder, "--out", out, *options, "--aspect", 1, 5)
    run_script("tools/mine_crops.py", folder, "--out", out, *options, "--contact-sheet", sheet)
    said = capsys.readouterr().out
    assert "2 crops of 3 new photos, 3 in all" in said
    assert "bad.png: " in said
    assert sheet.stat().st_size > 1000
    assert len(LMDBReader(out)) == 3
