"""The semi-supervised study: its rows are what they say, and its page reports what they gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mmengine.registry import DefaultScope

from research.studies import semi_supervised as study
from research.studies.report import StudyRows
from research.studies.semi_supervised import METHODS, StudySettings
from research.studies.semi_supervised_data import held_out
from research.studies.semi_supervised_report import findings, gains, late, write_report
from spotter.errors import ConfigError
from spotter.registry import MODELS
from spotter.training.header import register_models


@pytest.fixture
def settings(tmp_path: Path) -> StudySettings:
    return StudySettings(tmp_path / "data", tmp_path / "out")


@pytest.mark.parametrize("name", METHODS)
def test_rows_are_what_they_say(name: str, settings: StudySettings) -> None:
    cfg = study.row_config(name, 1, settings)
    start = study.start_config(settings)
    assert cfg.train_cfg.max_iters == settings.iterations
    assert cfg.load_from.path == str(settings.out / "runs" / "start" / "last.safetensors")
    recognizer = cfg.model.get("recognizer", cfg.model)
    # CTC guided the start only: the weights of a run are saved without what guides them.
    assert {**recognizer, "auxiliary": start.model.auxiliary} == start.model
    texts = str(cfg.train_dataloader)
    assert str(settings.out / "synthetic_words") in texts
    words = settings.synthetic if name == "more_synthetic" else settings.words
    assert f"'stop': {words}" in texts
    assert f"'stop': {settings.words}" in str(start.train_dataloader)
    # The words that are tested on are in no training data.
    for tested in ("svt_words_test", "iiit5k", "icdar2015_words"):
        assert tested not in texts
    supervised = METHODS[name].config.startswith("supervised")
    assert ("MinedWordsReader" in texts) != supervised
    batch = {"supervised": 32, "more_synthetic": 75, "same_compute": 75}.get(name, 64)
    assert cfg.train_dataloader.batch_size == batch
    if not supervised:
        assert cfg.train_dataloader.dataset.ratios == [32, 32]
        assert "mlt17" not in texts
    register_models()
    with DefaultScope.overwrite_default_scope("spotter"):
        model = MODELS.build(cfg.model)
    plain = study.row_config("consistency", 1, settings).model
    switches = {
        "consistency": {},
        "no_context": {"context_sharing": False},
        "no_projection": {"projection": None},
        "no_average": {"momentum": 0.0},
        "no_filter": {"threshold": 0.0},
        "no_domain": {"domain": None},
        "hard": {"hard": True},
    }
    if name in switches:
        assert cfg.model == {**plain, **switches[name]}
    if name in ("consistency", "mean_teacher"):
        assert model.momentum == settings.momentum


def test_plan_runs_main_rows_with_every_seed(
    settings: StudySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, int]] = []
    monkeypatch.setattr(study, "prepare_data", lambda *_: None)

    def row(name: str, seed: int, _: StudySettings) -> dict[str, Any]:
        ran.append((name, seed))
        if len(ran) == 3:
            raise KeyboardInterrupt
        return {"row": name, "seed": seed}

    monkeypatch.setattr(study, "run_row", row)
    with pytest.raises(KeyboardInterrupt):
        study.STUDY.run(settings, ["supervised", "consistency", "hard"])
    assert ran == [("supervised", 0), ("consistency", 0), ("hard", 0)]
    paths = study.STUDY.run(settings, ["supervised", "consistency", "hard"])
    assert ran[3:] == [("hard", 0), ("supervised", 1), ("consistency", 1)]
    assert all(path.is_file() for path in paths)
    with pytest.raises(ConfigError, match="no rows magic"):
        study.STUDY.run(settings, ["magic"])
    other = StudySettings(settings.data_root, settings.out, scale=0.5)
    with pytest.raises(ConfigError, match=r"other settings \(scale\)"):
        study.STUDY.run(other)


def test_held_out_photos_are_not_mined() -> None:
    assert held_out(Path("d/icdar2015_train/images/img_901.jpg"))
    assert not held_out(Path("d/icdar2015_train/images/img_900.jpg"))
    assert not held_out(Path("d/mlt17_en_fr/images/img_1001.jpg"))


def test_log_of_several_sessions(tmp_path: Path) -> None:
    for session, steps in (("a", (50, 100)), ("b", (100, 150))):
        folder = tmp_path / session / "vis_data"
        folder.mkdir(parents=True)
        lines = [{"step": step, "train/kept": step / 1000} for step in steps]
        (folder / "x.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert study.logged(tmp_path, "kept") == [(50, 0.05), (100, 0.1), (150, 0.15)]
    assert study.logged(tmp_path, "loss") == []


def made_row(name: str, seed: int, mean: float, **train: Any) -> dict[str, Any]:
    online = {"svt": mean, "icdar2015": mean, "iiit5k": mean, "mean": mean}
    run = {"cpu_seconds": 60.0, "iterations": 100, "curve": [[30.0, 0.1], [60.0, mean]], "log": {}}
    return {
        "row": name,
        "title": METHODS[name].title,
        "seed": seed,
        "machine": "a computer",
        "threads": 1,
        "settings": StudySettings(Path(), Path()).kept(),
        "data": {"photos": 3, "mined": 1234},
        "start": {**run, "online": online},
        "train": {**run, "online": online, **train},
    }


ROWS = [
    made_row("supervised", 0, 0.30),
    made_row("supervised", 1, 0.32),
    made_row("consistency", 0, 0.35, log={"kept": [[50, 0.1], [80, 0.4], [100, 0.6]]}),
    made_row("consistency", 1, 0.34),
    made_row("hard", 0, 0.355),
    made_row("no_filter", 0, 0.20),
]


def test_gains_are_paired_by_seed() -> None:
    assert gains("consistency", StudyRows(ROWS, METHODS)) == pytest.approx([0.05, 0.02])
    assert late(ROWS[2], "kept") == pytest.approx(0.5)
    assert late(ROWS[3], "kept") is None
    said = findings(StudyRows(ROWS, METHODS))
    assert "same labels: **yes** (+5.0, +2.0 points, by seed)" in said
    assert "soft labels are better than hard ones: **one run each** (-0.5 points, by seed)" in said
    assert "the filter adds something: **one run each** (+15.0 points, by seed)" in said
    assert "FixMatch" not in said


def test_the_page_has_every_number(tmp_path: Path) -> None:
    for row in ROWS:
        path = tmp_path / "rows" / f"{row['row']}_seed{row['seed']}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(row))
    report = tmp_path / "docs" / "study.md"
    write_report(tmp_path / "rows", report)
    text = report.read_text()
    assert "| character-level consistency | 2 | 34.5 ± 0.5 | 34.5 ± 0.5 |" in text
    assert "+3.5 ± 1.5" in text
    assert "50.0" in text
    assert "report +3.7 points" in text
    assert "Here it is +3.5 ± 1.5 points" in text
    assert "1,234 unlabelled crops" in text
    assert "know\n4,000 of the 40,000 rendered words" in text
    assert report.with_suffix(".png").stat().st_size > 1000
    with pytest.raises(ConfigError, match="no finished row"):
        write_report(tmp_path / "none", report)
