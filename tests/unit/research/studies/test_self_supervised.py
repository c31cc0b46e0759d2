"""The study on a handful of noise crops, and its page from rows with known numbers."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from research.studies import self_supervised, training
from research.studies.rows import write_json
from research.studies.self_supervised import (
    COLUMNS,
    METHODS,
    STUDY,
    StudySettings,
    pretrain_config,
    reading_config,
)
from research.studies.self_supervised_report import write_report
from spotter.errors import ConfigError
from tests.unit.research.studies.conftest import RECOGNIZER


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that the study reads, with noise in them."""
    root = tmp_path_factory.mktemp("data")
    noise = np.random.RandomState(0)

    def image(path: Path, height: int, width: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), noise.randint(0, 256, (height, width, 3), np.uint8))

    image(root / "mlt17_en_fr" / "images" / "img_1.png", 60, 100)
    labels = root / "mlt17_en_fr" / "gt" / "gt_img_1.txt"
    labels.parent.mkdir(parents=True)
    labels.write_text("5,5,60,5,60,25,5,25,\n10,30,90,30,90,50,10,50,\n")
    words = [f'word_{1 + i % 20}.png, "w{i % 20}"' for i in range(3966)]
    for number in range(20):
        image(root / "icdar2015_words_train" / "images" / f"word_{number + 1}.png", 10, 24)
    (root / "icdar2015_words_train" / "gt.txt").write_text("\n".join(words))
    for name in ("iiit5k_train", "svt_words_test"):
        lines = []
        for number in range(12):
            image(root / name / "images" / f"{number}.png", 12, 30)
            lines.append(f"images/{number}.png ab{number}")
        (root / name / "labels.txt").write_text("\n".join(lines))
    return root


def settings(data: Path, out: Path) -> StudySettings:
    return StudySettings(
        data, out, scale=0.01, width=32, pairs=4, batch_size=4, fine_tune_batch_size=4
    )


def test_a_row_runs_once_and_its_page_is_written(data: Path, tmp_path: Path) -> None:
    own = settings(data, tmp_path)
    (path,) = STUDY.run(own, ["seqclr_window"], seeds=1)
    row = json.loads(path.read_text())
    assert (row["row"], row["seed"]) == ("seqclr_window", 0)
    for stage in ("pretrain", *COLUMNS):
        assert row[stage]["iterations"] == 30
        assert row[stage]["samples"] == 120
        assert row[stage]["cpu_seconds"] > 0
    assert 0 <= row["ctc"]["metrics"]["recognition/accuracy"] <= 1
    assert len(row["ctc"]["curve"]) == self_supervised.VALIDATIONS
    assert not list((tmp_path / "runs").rglob("iter_*.pth"))
    before = path.stat().st_mtime_ns
    STUDY.run(own, ["seqclr_window"], seeds=1)
    assert path.stat().st_mtime_ns == before
    write_report(tmp_path / "rows", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert METHODS["seqclr_window"].title in text
    assert str(tmp_path) not in text
    assert (tmp_path / "page.png").is_file()


def test_rows_of_other_settings_are_not_mixed(data: Path, tmp_path: Path) -> None:
    write_json(tmp_path / "settings.json", {"scale": 0.5})
    with pytest.raises(ConfigError, match="scale"):
        STUDY.run(settings(data, tmp_path), ["random"])
    with pytest.raises(ConfigError, match="no rows other"):
        STUDY.run(settings(data, tmp_path), ["other"])


def test_an_interrupted_row_keeps_its_finished_trainings(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {"iterations": 1, "cpu_seconds": 2.0}
    for stage in ("pretrain", *list(COLUMNS)[:-1]):
        write_json(tmp_path / "runs" / "byol_seed1" / stage / "result.json", done)

    def stop(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "run", stop)
    with pytest.raises(KeyboardInterrupt):
        self_supervised.run_row("byol", 1, settings(data, tmp_path))


def test_every_method_has_its_configs(data: Path, tmp_path: Path) -> None:
    own = settings(data, tmp_path)
    for method in METHODS.values():
        if method.config:
            cfg = pretrain_config(method, own, 0)
            assert cfg.model.recognizer.feature_extraction.type == "CompactMixer"
    frozen = reading_config("attention", own, 0, tmp_path / "last.safetensors")
    assert frozen.model.type == "DecoderEvaluation"
    assert frozen.model.recognizer.prediction.type == "AttentionPrediction"
    assert frozen.load_from.path.endswith("last.safetensors")
    assert not any(prefix.startswith("prediction") for prefix in frozen.load_from.prefixes)
    tuned = reading_config("fine_tune_10", own, 1, None)
    assert tuned.load_from is None
    shares = [
        (d.fraction, d.get("subset_seed", 0)) for d in tuned.train_dataloader.dataset.datasets
    ]
    assert shares == [(0.1, 0), (0.1, 0)]


def test_rows_start_from_the_encoder_of_given_weights(
    data: Path, tmp_path: Path, weights: Path
) -> None:
    own = StudySettings(data, tmp_path, weights=weights)
    first = pretrain_config(METHODS["seqclr_window"], own, 0)
    assert first.load_from.path == str(weights)
    assert first.model.recognizer.feature_extraction == RECOGNIZER["feature_extraction"]
    plain = reading_config("ctc", own, 0, None)
    assert plain.load_from == first.load_from
    after = reading_config("ctc", own, 0, tmp_path / "last.safetensors")
    assert after.load_from.path == str(tmp_path / "last.safetensors")
    assert after.load_from.prefixes == first.load_from.prefixes
    (hook,) = (h for h in plain.custom_hooks if h["type"] == "FrameAlignmentHook")
    assert hook["iterations"] < plain.train_cfg.max_iters


def row(name: str, seed: int, ned: float) -> dict[str, Any]:
    scores = {"accuracy": ned / 2, "accuracy_ed1": ned / 1.5, "one_minus_ned": ned, "choice": ned}
    flat = {f"recognition/{k}": v for k, v in scores.items()}
    for source in ("svt", "icdar2015"):
        flat.update({f"recognition/{source}/{k}": v for k, v in scores.items()})
    stage = {
        "iterations": 30,
        "cpu_seconds": 60.0,
        "metrics": flat,
        "curve": [[30.0, ned / 2], [60.0, ned]],
        "probe": {"probe/knn": 0.1, "probe/linear": 0.3, "probe/chance": 0.2},
        "logged": {"feature_std": 0.1, "effective_rank": 12.0},
    }
    made: dict[str, Any] = {
        "row": name,
        "seed": seed,
        "machine": "test",
        "threads": 1,
        "settings": {"width": 96, "pairs": 64, "batch_size": 64, "fine_tune_batch_size": 32},
    }
    for key in ("pretrain", *COLUMNS):
        if key != "pretrain" or name != "random":
            made[key] = copy.deepcopy(stage)
    return made


def test_the_page_says_what_the_rows_say(tmp_path: Path) -> None:
    for made in (row("random", 0, 0.1), row("seqclr_window", 0, 0.3), row("seqclr_window", 1, 0.4)):
        write_json(tmp_path / "rows" / f"{made['row']}{made['seed']}.json", made)
    write_json(tmp_path / "rows" / "frame.json", row("seqclr_frame", 0, 0.5))
    write_report(tmp_path / "rows", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    line = next(x for x in text.splitlines() if x.startswith("| SeqCLR, window"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:6] == ["2", "30.0 ± 0.0", "17.5 ± 2.5", "23.3 ± 3.3", "35.0 ± 5.0"]
    assert cells[-4:] == ["0.100", "12", "60", "300"]
    assert "window-to-instance beats no stage 1: **so it is**" in text
    assert "in points of *acc*" in text
    assert "CTC +12.5" in text
    assert "no worse than frame-to-instance: **not here**" in text
    assert "23 processor minutes" in text
    with pytest.raises(ConfigError, match="no finished row"):
        write_report(tmp_path / "none", tmp_path / "page.md")


def test_rows_that_hardly_read_are_compared_by_choosing_among_words(tmp_path: Path) -> None:
    for made in (row("random", 0, 0.1), row("seqclr_window", 0, 0.3)):
        write_json(tmp_path / "rows" / f"{made['row']}.json", made)
    write_report(tmp_path / "rows", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "in points of *of 50*" in text
    assert "CTC +20.0" in text
