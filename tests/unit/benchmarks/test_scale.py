"""The table of CPU seconds is about the photos beyond those of the shorter run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import scale


def test_the_cost_of_further_photos(tmp_path: Path, monkeypatch, capsys) -> None:
    for number in range(9):
        (tmp_path / f"{number}.png").touch()
    # Loading takes 3 seconds, a photo half a one.
    each = {"bare1": 0.5, "workers1": 0.51, "workers2": 0.5}
    monkeypatch.setattr(scale, "cpu_seconds", lambda way, photos: 3 + each[way] * len(photos))
    scale.main([str(tmp_path), "--count", "4", "--ways", "bare1", "workers1", "workers2"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"4 photos of {tmp_path}"
    assert lines[3:] == [
        "| one process, 1 thread | 0.500 | 2.00 | 139 |",
        "| --workers 1 | 0.510 | 1.96 | 142 |",
        "| --workers 2 | 0.500 | 2.00 | 139 |",
        "--workers 1: +2.0 % over one process, 1 thread",
    ]
    with pytest.raises(SystemExit, match="too few photos"):
        scale.main([str(tmp_path), "--count", "0"])
