"""Labels for a folder of photos, from the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spotter.data.readers.icdar_detection import ICDARDetectionReader
from spotter.errors import ConfigError
from spotter.synthesis.writers import SynthesisSettings, write_scenes


def test_a_folder_is_labelled_and_gone_on_with(
    run_script: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_scenes(tmp_path, SynthesisSettings(), 3)
    options = ["--out", tmp_path / "labels", "--threads", 1]
    run_script("tools/label_photos.py", tmp_path / "images", *options)
    assert "3 new photos" in capsys.readouterr().out
    samples = ICDARDetectionReader(tmp_path / "labels", tmp_path / "images")
    words = [word for sample in samples for word in sample["instances"]]
    assert any(word["text"] for word in words)
    # Rules are options: a word of fewer characters than this does not exist.
    (tmp_path / "labels" / "gt_scene_1.txt").unlink()
    run_script("tools/label_photos.py", tmp_path / "images", *options, "--min-length", 99)
    printed = capsys.readouterr().out
    assert "1 new photos" in printed
    assert ", 0 of them labelled" in printed


def test_rules_that_contradict_each_other(run_script: Callable, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="doubtful <= agreement"):
        run_script("tools/label_photos.py", tmp_path, "--out", tmp_path, "--agreement", 0.1)
