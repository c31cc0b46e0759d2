"""From saved predictions to a page of errors."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation.submissions import write_submission

TOOL = "tools/analyze_errors.py"


def write_lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Three photos with a word each, in ICDAR's layout."""
    root = tmp_path / "set"
    for folder in ("images", "gt"):
        (root / folder).mkdir(parents=True)
    for number, text in ((1, "EXIT"), (2, "SALE"), (3, "###")):
        Image.new("RGB", (60, 30), (99, 99, 99)).save(root / f"images/img_{number}.jpg")
        (root / f"gt/gt_img_{number}.txt").write_text(f"2,2,42,2,42,22,2,22,{text}\n")
    return root


def line(image: str, text: str, score: float) -> dict:
    polygon = [[2, 2], [42, 2], [42, 22], [2, 22]]
    word = {"polygon": polygon, "text": text, "score": score, "detection_score": score}
    return {"image": image, "width": 60, "height": 30, "instances": [word], "error": None}


def test_photos(run_script: Callable, scenes: Path, tmp_path: Path, capsys) -> None:
    lines = [line("img_1.jpg", "EX1T", 0.9), line("img_3.jpg", "any", 0.8)]
    predictions = write_lines(tmp_path / "p.jsonl", *lines)
    out = tmp_path / "pages/errors.html"
    run_script(TOOL, predictions, scenes, "--out", out)
    assert capsys.readouterr().out == (
        f"{out}: 1 missed, 1 misread, 0 merged, 0 split, 0 false alarm, 0 correct\n"
    )
    page = out.read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 2
    assert "images without predictions: 1" in page
    run_script(TOOL, predictions, scenes, "--out", out, "--predicted-only")
    assert ": 0 missed, 1 misread," in capsys.readouterr().out
    run_script(TOOL, predictions, scenes, "--out", out, "--min-score", 0.95)
    assert ": 2 missed, 0 misread," in capsys.readouterr().out
    images = scenes / "images"
    run_script(TOOL, predictions, scenes / "gt", "--images", images, "--out", out)
    assert ": 1 missed, 1 misread," in capsys.readouterr().out


def test_official_archives(run_script: Callable, scenes: Path, tmp_path: Path, capsys) -> None:
    submission, out = tmp_path / "submission.zip", tmp_path / "errors.html"
    lines = [line("img_1.jpg", "EXIT", 0.9), line("img_2.jpg", "SA1E", 0.8)]
    write_submission(lines, submission, texts=True)
    truth = tmp_path / "gt.zip"
    with zipfile.ZipFile(truth, "w") as archive:
        for path in (scenes / "gt").iterdir():
            archive.write(path, path.name)
    run_script(TOOL, submission, truth, "--out", out)
    assert ": 0 missed, 1 misread, 0 merged, 0 split, 0 false alarm, 1 correct" in (
        capsys.readouterr().out
    )
    assert "data:image/jpeg" not in out.read_text(encoding="utf-8")
    run_script(TOOL, submission, truth, "--out", out, "--images", scenes)
    assert out.read_text(encoding="utf-8").count("data:image/jpeg") == 2
    write_submission(lines, submission)
    run_script(TOOL, submission, scenes / "gt", "--out", out, "--no-texts")
    assert "2 correct" in capsys.readouterr().out.splitlines()[-1]


def test_words(run_script: Callable, tmp_path: Path, capsys) -> None:
    root = tmp_path / "words"
    (root / "images").mkdir(parents=True)
    for number in (1, 2, 3):
        Image.new("RGB", (20 * number, 10)).save(root / f"images/{number}.png")
    (root / "labels.txt").write_text("images/1.png It's\nimages/2.png Coke\nimages/3.png bar\n")
    lines = [
        {"image": "1.png", "text": "ITS", "score": 0.9, "error": None},
        {"image": "2.png", "text": "Cake", "score": 0.8, "error": None},
        {"image": "3.png", "text": None, "score": 0.0, "error": "damaged"},
    ]
    predictions, out = write_lines(tmp_path / "p.jsonl", *lines), tmp_path / "errors.html"
    run_script(TOOL, predictions, root, "--out", out)
    assert capsys.readouterr().out == f"{out}: 1 missed, 1 misread, 1 correct\n"
    page = out.read_text(encoding="utf-8")
    assert "o → a" in page
    assert "40 × 10 px" in page
    run_script(TOOL, predictions, root, "--out", out, "--charset", "all")
    assert capsys.readouterr().out == f"{out}: 1 missed, 2 misread, 0 correct\n"


def test_wrong_inputs(run_script: Callable, scenes: Path, tmp_path: Path) -> None:
    words = write_lines(tmp_path / "w.jsonl", {"image": "1.png", "text": "a", "score": 1.0})
    with pytest.raises(ConfigError, match="layout icdar2015 is one of photos"):
        run_script(TOOL, words, scenes, "--layout", "icdar2015")
    with pytest.raises(ConfigError, match="no such layout"):
        run_script(TOOL, words, scenes, "--layout", "icdar1999")
    photos = write_lines(tmp_path / "p.jsonl", line("img_9.jpg", "a", 1.0))
    with pytest.raises(AnnotationError, match=r"img_9\.jpg: predicted, but there is no"):
        run_script(TOOL, photos, scenes)
    with pytest.raises(AnnotationError, match="no such file"):
        run_script(TOOL, tmp_path / "none.jsonl", scenes)
