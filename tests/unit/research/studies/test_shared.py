"""What the studies share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from research.figures import draw_curves
from research.studies.configs import pipelines, study_config, walk
from research.studies.report import claim_line, mean_and_half_range
from research.studies.rows import Method, Study, StudySizes, read_rows, write_json
from spotter.errors import ConfigError


def test_mean_and_half_range() -> None:
    assert mean_and_half_range([0.25]) == "25.0"
    assert mean_and_half_range([0.2, 0.3]) == "25.0 ± 5.0"
    assert mean_and_half_range([1.0, 2.0, 6.0], percent=False) == "3.0 ± 2.5"


def test_rows_come_back_and_broken_ones_are_named(tmp_path: Path) -> None:
    write_json(tmp_path / "rows" / "b.json", {"row": "b"})
    write_json(tmp_path / "rows" / "a.json", {"row": "a"})
    assert [row["row"] for row in read_rows(tmp_path / "rows")] == ["a", "b"]
    (tmp_path / "rows" / "c.json").write_text("{")
    with pytest.raises(ConfigError, match=r"c\.json"):
        read_rows(tmp_path / "rows")


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_with_two_panels(tmp_path: Path, suffix: str) -> None:
    lines = {"first": [(0.0, 1.0), (2.0, 3.0)], "second": [(1.0, 1.0)]}
    draw_curves(tmp_path / f"figure{suffix}", {"one": lines, "two": lines}, "x", "y")
    assert (tmp_path / f"figure{suffix}").stat().st_size > 5000


def test_a_config_is_made_small_and_stays_the_same_experiment(tmp_path: Path) -> None:
    cfg = study_config(
        "recipes/seqclr_window_trba.py",
        StudySizes(tmp_path, tmp_path, width=48),
        40,
        8,
        3,
        colors=({"type": "RandomGrey"},),
        model__temperature=0.2,
    )
    assert cfg.model.type == "SeqCLR"
    assert cfg.model.temperature == 0.2
    assert (cfg.train_cfg.max_iters, cfg.train_dataloader.batch_size) == (40, 8)
    assert cfg.randomness.seed == 3
    sizes = [p for p in walk(cfg.train_dataloader) if p.get("type") == "RecResize"]
    assert sizes
    assert {size["width"] for size in sizes} == {48}
    views = [
        [step["type"] for step in steps]
        for steps in pipelines(cfg.train_dataloader)
        if steps[0]["type"] == "SeqCLRView"
    ]
    assert len(views) == 6
    expected = ["SeqCLRView", "RandomGrey", "RecResize", "PackRecInputs"]
    assert all(view == expected for view in views)
    sources = [p for p in walk(cfg.train_dataloader) if p.get("type") == "TextRecDataset"]
    assert {source["cache_dir"] for source in sources} == {str(tmp_path / "cache")}
    json.dumps(cfg.to_dict(), default=str)


def test_a_row_says_what_it_was_made_by(tmp_path: Path) -> None:
    methods = {"a": Method("method a", "", main=True), "b": Method("method b", "")}
    ran: list[tuple[str, int]] = []

    def row(name: str, seed: int, settings: StudySizes) -> dict[str, int]:
        ran.append((name, seed))
        return {"width": settings.width}

    study = Study("study", "About it.", methods, row)
    sizes = StudySizes(tmp_path, tmp_path, width=48)
    assert [path.stem for path in study.run(sizes)] == ["a_seed0", "b_seed0", "a_seed1"]
    assert ran == [("a", 0), ("b", 0), ("a", 1)]
    made = json.loads((tmp_path / "rows" / "a_seed1.json").read_text())
    assert (made["title"], made["seed"], made["width"]) == ("method a", 1, 48)
    assert made["settings"] == {"scale": 1.0, "width": 48, "device": "cpu", "weights": None}
    assert made["wall_seconds"] >= 0


def test_verdicts_on_claims() -> None:
    assert claim_line("A wins", [0.01, 0.02]) == "- A wins: **yes** (+1.0, +2.0 points, by seed)."
    assert "**no**" in claim_line("A wins", [-0.01, -0.02])
    assert "**not decided**" in claim_line("A wins", [-0.01, 0.02])
    assert "**one run each**" in claim_line("A wins", [0.5])
