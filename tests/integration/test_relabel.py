"""Relabelling, labelling by agreement and its measure, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.data.readers import ICDARDetectionReader, WordListReader

pytest.importorskip("rapidocr")


@pytest.fixture
def signs(tmp_path: Path) -> Path:
    for text in ("HOTEL!", "12.50"):
        image = np.full((64, 260, 3), 255, np.uint8)
        cv2.putText(image, text, (15, 48), cv2.FONT_HERSHEY_DUPLEX, 1.6, (20, 20, 20), 3)
        cv2.imwrite(str(tmp_path / f"{text.strip('!')}.png"), image)
    return tmp_path


def test_a_word_list(run_script: Callable, signs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (signs / "labels.txt").write_text("HOTEL.png hotel\n12.50.png 1250\n")
    run_script("tools/relabel.py", "word_list", signs / "labels.txt", "--out", signs / "new.txt")
    assert "2 words, 2 kept, 2 of them changed" in capsys.readouterr().out
    assert [word["text"] for word in WordListReader(signs / "new.txt")] == ["HOTEL!", "12.50"]


def test_how_good_agreement_is(
    run_script: Callable, signs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (signs / "labels.txt").write_text("HOTEL.png HOTEL!\n12.50.png 12.50\n")
    run_script("tools/measure_agreement.py", "word_list", signs / "labels.txt")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("exactly: 2 words: ")
    assert lines[-1].startswith("letters and digits: 2 words: ")
    assert ", of which 100.0% right; this reader " in lines[-1]


def test_photos_at_given_places(run_script: Callable, signs: Path) -> None:
    (signs / "places").mkdir()
    quad = "8,4,250,4,250,60,8,60,"
    for stem in ("HOTEL", "12.50"):
        (signs / "places" / f"gt_{stem}.txt").write_text(quad)
    options = ["--by", "agreement", "--take-marks", "--outlines", signs / "places"]
    run_script("tools/label_photos.py", signs, "--out", signs / "gt", *options, "--threads", 1)
    labelled = ICDARDetectionReader(signs / "gt", signs)
    assert sorted(photo["instances"][0]["text"] for photo in labelled) == ["12.50", "HOTEL!"]
