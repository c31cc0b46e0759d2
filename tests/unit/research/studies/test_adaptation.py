"""The study of adaptation: what its rows learn from, and what its page says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from research.studies import adaptation as study
from research.studies.adaptation import DOMAINS, METHODS, STUDY, AdaptationStudySettings
from research.studies.adaptation_report import exact, write_report
from research.studies.report import StudyRows
from spotter.adaptation import run
from spotter.adaptation.labels import WordLabel
from spotter.data.readers.pseudo_labels import sample_name
from spotter.errors import ConfigError
from tests.unit.research.studies.conftest import PREPROCESSING

_WORDS = 30


def _text(number: int) -> str:
    return f"{number * 37 % 100:02d}"


@pytest.fixture
def settings(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> AdaptationStudySettings:
    """A study of small sets, whose labels are the truth but for every fourth word."""
    root = tmp_path / "data"
    for name in ("receipt_words", "wire_labels", "icdar2015_words_train"):
        (root / name / "images").mkdir(parents=True)
        for number in range(_WORDS):
            image = np.full((24, 40, 3), 220, np.uint8)
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(image, _text(number), (2, 19), font, 0.7, (20,) * 3, 2)
            cv2.imwrite(str(root / name / "images" / f"{number:02d}.png"), image)
        lines = [f"images/{number:02d}.png {_text(number)}\n" for number in range(_WORDS)]
        (root / name / "labels.txt").write_text("".join(lines))

    def label_words(crops: Any, indices: list[int], reader: Any, out: Path, *_: Any) -> Any:
        found = {}
        for index in indices:
            number = int(Path(crops.origins[index]).stem)
            found[index] = WordLabel(_text(number) if number % 4 else None, "", None)
        samples = crops.reader()
        records = (
            {"image": sample_name(samples[i]), "text": each.label, "score": float(bool(each.label))}
            for i, each in found.items()
        )
        out.write_text("".join(json.dumps(record) + "\n" for record in records))
        return found

    monkeypatch.setattr(run, "label_words", label_words)
    monkeypatch.setattr(run, "preset_reader", lambda *_: None)
    monkeypatch.setattr(run, "independent_reader", lambda *_: None)
    monkeypatch.setattr(run, "_LEAST_LABELS", 1)
    monkeypatch.setattr(study, "DOMAINS", {"receipts": ("receipt_words", 4)})
    monkeypatch.setattr(study, "fonts_of", lambda _: None)
    reader = {"type": "WordListReader"}
    tests = {
        name: {
            "type": "TextRecDataset",
            "name": name,
            "reader": {**reader, "annotation_file": str(root / name / "labels.txt")},
            "start": -4,
        }
        for name in ("receipt_words", "icdar2015_words_train")
    }
    monkeypatch.setattr(
        "research.studies.semi_supervised_data._part",
        lambda root, base, key: tests[
            "receipt_words" if "receipt" in base else "icdar2015_words_train"
        ],
    )
    monkeypatch.setattr(Config, "pretty_text", property(lambda self: f"cfg = {self.to_dict()!r}"))
    return AdaptationStudySettings(
        root, tmp_path / "out", scale=0.01, weights=weights, general=2, alike=2, drawn=12
    )


@pytest.mark.parametrize("name", METHODS)
def test_rows_are_what_they_say(
    name: str, settings: AdaptationStudySettings, tmp_path: Path
) -> None:
    cfg = study.row_config(name, "receipts", 1, tmp_path / "run", settings)
    sources = {part.name for part in cfg.train_dataloader.dataset.datasets}
    crops = {"drawn": set(), "consistency": {"unlabelled"}, "labels": {"labelled"}}
    expected = crops.get(name, {"labelled", "unlabelled"})
    assert sources == {"drawn_general", "drawn_alike"} | expected
    assert sum(cfg.train_dataloader.dataset.ratios) == pytest.approx(1.0)
    assert cfg.train_cfg.max_iters == 30
    assert cfg.preprocessing == PREPROCESSING
    # The last words, which measure, are not among those that are learned from.
    for part in cfg.train_dataloader.dataset.datasets:
        reader = part.reader.get("reader", part.reader)
        assert reader.get("type") != "SelectedReader" or len(reader.indices) == _WORDS - 4


def test_a_row_from_its_training_to_the_page(
    settings: AdaptationStudySettings, tmp_path: Path
) -> None:
    STUDY.run(settings, ["drawn", "both"], seeds=1)
    rows = StudyRows.read(settings.out / "rows", METHODS)
    [row] = rows.group("both")
    for share in study.SHARES:
        for test in ("receipts", "icdar2015"):
            assert 0.0 <= exact(row, "receipts", share, test) <= 1.0
            assert len(row["domains"]["receipts"]["marks"][share]["exact"][test]) == 4
    assert row["domains"]["receipts"]["iterations"] == 30
    assert not list(settings.out.glob("runs/*/iter_*.pth"))


def _row(name: str, seed: int, right: int) -> dict[str, Any]:
    """A finished row that reads so many of ten words of both domains."""
    marks = "1" * right + "0" * (10 - right)
    domains = {
        domain: {
            "iterations": 30,
            "cpu_seconds": 60.0,
            "marks": {
                "all": {"exact": {domain: marks, "icdar2015": "1100"}},
                "half": {"exact": {domain: "1" * 10, "icdar2015": "1110"}},
            },
        }
        for domain in DOMAINS
    }
    start = {"exact": {**dict.fromkeys(DOMAINS, "1" + "0" * 9), "icdar2015": "1111"}}
    values = {"row": name, "seed": seed, "machine": "a processor", "threads": 1}
    settings = {"weights": "abc", "general": 9, "alike": 7, "drawn": 6000}
    return {**values, "settings": settings, "start": start, "domains": domains}


def test_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    right = {("drawn", 0): 3, ("drawn", 1): 4, ("labels", 0): 6, ("consistency", 0): 3}
    for (name, seed), count in right.items():
        row = _row(name, seed, count)
        (folder / f"{name}_seed{seed}.json").write_text(json.dumps(row))
    write_report(folder, tmp_path / "page.md")
    page = (tmp_path / "page.md").read_text()
    assert "| receipts | *start* | 1 | 10.0 |" in page
    assert "| receipts | drawn words only (supervised) | 2 | 35.0 ± 5.0 | 100.0 ± 0.0 |  |" in page
    # The gain is over the run of the same seed.
    assert "| wire | + labels by agreement | 1 | 60.0 | 100.0 | +30.0 [" in page
    assert "receipts: labels by agreement beat drawn words only: **one run each** (+30.0" in page
    assert "consistency beats drawn words only: **one run each** (+0.0" in page
    assert "consistency adds to" not in page
    assert "8 processor minutes" in page


def test_no_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--start"):
        _ = AdaptationStudySettings(tmp_path, tmp_path).recognizer
    with pytest.raises(SystemExit):
        study.main(["--data", str(tmp_path), "--out", str(tmp_path)])
