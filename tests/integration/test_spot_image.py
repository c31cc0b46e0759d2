"""The demo: table, files, exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from tests.unit.pipeline.networks import photo

DEMO = "demo/spot_image.py"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "street.png"
    data = cv2.imencode(".png", photo(200, 120, [(20, 20, 90, 20), (30, 70, 60, 18)]))[1]
    path.write_bytes(data.tobytes())
    return path


def test_table_and_files(
    run_script: Callable, models: list[str], image: Path, tmp_path: Path, capsys
) -> None:
    twin = tmp_path / "other" / "street.png"
    twin.parent.mkdir()
    twin.write_bytes(image.read_bytes())
    out = tmp_path / "outputs"
    run_script(DEMO, image, twin, tmp_path / "gone.jpg", "--out-dir", out, *models)
    printed = capsys.readouterr()
    names = ["street.json", "street.spotted.jpg", "street_2.json", "street_2.spotted.jpg"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert all(str(out / name) in printed.out for name in names)
    result = json.loads((out / "street.json").read_text())
    assert result["image"] == str(image)
    assert len(result["instances"]) == 2
    assert all(word["text"] in printed.out for word in result["instances"])
    assert cv2.imread(str(out / "street.spotted.jpg")).shape == (120, 200, 3)
    assert printed.err.count("\n") == 1
    assert "no such file" in printed.err


def test_json_lines(
    run_script: Callable, models: list[str], image: Path, tmp_path: Path, capsys
) -> None:
    gone = tmp_path / "gone.jpg"
    run_script(DEMO, image, gone, "--json", "--out-dir", tmp_path / "o", *models)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert len(first["instances"]) == 2
    assert (second["image"], second["instances"]) == (str(gone), [])
    assert "no such file" in second["error"]


def test_no_photo_at_all(run_script: Callable, models: list[str], tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        run_script(DEMO, tmp_path / "gone.jpg", "--out-dir", tmp_path / "o", *models)
    assert stop.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "o").exists()
