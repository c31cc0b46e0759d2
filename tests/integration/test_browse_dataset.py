"""From a config to a page of its samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from spotter.errors import ConfigError

CONFIG = """
train_dataloader = dict(
    dataset=dict(
        type="TextRecDataset",
        name="words",
        reader=dict(type="WordListReader", annotation_file="{{$SPOTTER_DATA:data}}/labels.txt"),
        pipeline=[
            dict(type="LoadCrop"),
            dict(type="RecResize", height=32, mode="fixed", width=64),
            dict(type="PackRecInputs"),
        ],
    )
)
"""


def test_the_page(run_script: Callable, tmp_path: Path, capsys) -> None:
    (tmp_path / "mine.py").write_text(CONFIG)
    for number in range(3):
        Image.new("RGB", (20, 10)).save(tmp_path / f"{number}.png")
    (tmp_path / "labels.txt").write_text("0.png one\n1.png two\n2.png three\n")
    out = tmp_path / "pages" / "mine.html"
    options = ("--num", 2, "--out", out, "--cfg-options", f"data_root={tmp_path}")
    run_script("tools/browse_dataset.py", tmp_path / "mine.py", *options)
    assert capsys.readouterr().out == f"{out}: 2 samples\n"
    page = out.read_text(encoding="utf-8")
    assert "train: 2 samples of words 3" in page
    assert page.count("data:image/jpeg") == 4
    assert "http" not in page
    with pytest.raises(ConfigError, match="no such config"):
        run_script("tools/browse_dataset.py", tmp_path / "yours.py")
