"""The semi-supervised study: its rows are what they say, and its page reports what they gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from research.studies import semi_supervised as study
from research.studies import semi_supervised_data as data
from research.studies.report import StudyRows
from research.studies.semi_supervised import METHODS, StudySettings
from research.studies.semi_supervised_report import (
    findings,
    gains,
    interval,
    late,
    scores,
    write_report,
)
from research.studies.start import Start
from research.studies.words import accuracy, paired_interval
from spotter.errors import ConfigError
from spotter.registry import MODELS
from spotter.structures import TextRecSample
from spotter.training.header import make_header
from spotter.training.weights import build_from_weights, load_state, read_header, save_weights
from tests.unit.research.studies.conftest import PREPROCESSING, RECOGNIZER


@pytest.fixture
def settings(tmp_path: Path, weights: Path) -> StudySettings:
    (tmp_path / "out").mkdir()
    return StudySettings(tmp_path / "data", tmp_path / "out", weights=weights)


@pytest.mark.parametrize("name", METHODS)
def test_rows_are_what_they_say(name: str, settings: StudySettings) -> None:
    method = METHODS[name]
    cfg = study.row_config(name, 1, settings)
    assert cfg.train_cfg.max_iters == settings.iterations
    recognizer = cfg.model.get("recognizer", cfg.model)
    kinds = {"attention": "TransformerPrediction", "ctc": "CTCPrediction"}
    assert recognizer.prediction.type == kinds[method.decoder]
    texts = str(cfg.train_dataloader)
    assert str(settings.out / "synthetic_words") in texts
    # The words that are tested on are in no training data.
    for tested in ("svt_words_test", "iiit5k", "icdar2015_words"):
        assert tested not in texts
    sources = cfg.train_dataloader.dataset.datasets
    counts = {"same_compute": [75]}.get(name, [32] if method.supervised else [32, 32])
    assert len(sources) == len(counts)
    assert cfg.train_dataloader.batch_size == sum(counts)
    assert cfg.train_dataloader.batch_sampler.composition == counts
    if not method.supervised:
        mined, receipts = sources[1].datasets
        assert mined.reader.type == "MinedWordsReader"
        assert receipts.stop == -500
        for part in (mined, receipts):
            # No loss can see a label of theirs.
            assert {"type": "HideText"} in part.pipeline[0].shared
    with DefaultScope.overwrite_default_scope("spotter"):
        model = MODELS.build(cfg.model)
    plain = study.row_config("consistency", 1, settings)
    switches = {
        "consistency": {},
        "no_context": {"context_sharing": False},
        "no_projection": {"projection": None},
        "random_projection": {"projection": "feedforward"},
        "no_average": {"momentum": 0.0},
        "no_filter": {"threshold": 0.0},
        "no_domain": {"domain": None},
        "hard": {"hard": True},
        "mild_views": {},
    }
    if name in switches:
        assert cfg.model == {**plain.model, **switches[name]}
    assert plain.model.domain.weight == 0.13
    assert ("mild" in texts) == (name == "mild_views")
    if name in ("consistency", "mean_teacher"):
        assert model.momentum == settings.momentum


def test_inputs_are_those_of_the_start(settings: StudySettings) -> None:
    cfg = study.row_config("consistency", 0, settings)
    assert cfg.preprocessing == PREPROCESSING
    text = str(cfg.train_dataloader.dataset)
    assert "'width'" not in text
    assert text.count("'widths': [32, 64]") == 5  # one labelled view, twice two unlabelled ones
    assert cfg.train_dataloader.batch_sampler.widths == [32, 64]


def test_both_decoders_of_the_start_read_as_before(settings: StudySettings, weights: Path) -> None:
    plain = build_from_weights(weights)[0]
    other = build_from_weights(settings.recognizer.weights("attention", settings.out))[0]
    images = torch.randn(2, 3, 32, 64)
    with torch.no_grad():
        frames = plain.encode(images)[1]
        assert torch.equal(other.encode(images)[1], frames)
        assert torch.equal(other.auxiliary(frames), plain.prediction(frames))
        assert torch.equal(other.prediction(frames), plain.rescorer(frames))


def test_the_second_decoder_goes_on_without_the_space(settings: StudySettings) -> None:
    config = {**RECOGNIZER, "charset": "latin_spaces"}
    with DefaultScope.overwrite_default_scope("spotter"):
        plain = MODELS.build(config)
    path = settings.out / "spaces.safetensors"
    characters = plain.charset.characters
    save_weights(path, plain, make_header("recognition", "s", config, characters, PREPROCESSING))
    start = Start(path)
    assert start.charset("ctc") == characters
    plain = build_from_weights(path)[0]
    other = build_from_weights(start.weights("attention", settings.out))[0]
    assert other.charset.characters == characters.replace(" ", "")
    images = torch.randn(2, 3, 32, 64)
    with torch.no_grad():
        frames = plain.encode(images)[1]
        both = plain.prediction(frames)
        space = characters.index(" ") + 1
        without = torch.cat([both[..., :space], both[..., space + 1 :]], -1)
        torch.testing.assert_close(other.auxiliary(frames), without)
        torch.testing.assert_close(other.prediction(frames), plain.rescorer(frames))


def test_weights_without_a_second_decoder_are_refused(tmp_path: Path, weights: Path) -> None:
    header = read_header(weights)
    config = {**header["config"], "rescorer": None}
    state = {k: v for k, v in load_state(weights).items() if not k.startswith("rescorer")}
    save_weights(tmp_path / "plain.safetensors", state, {**header, "config": config})
    start = Start(tmp_path / "plain.safetensors")
    assert start.recognizer("ctc")["prediction"]["type"] == "CTCPrediction"
    with pytest.raises(ConfigError, match="has no decoder beside CTC"):
        start.recognizer("attention")


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
        study.STUDY.run(settings, ["supervised", "consistency", "hard"], seeds=2)
    assert ran == [("supervised", 0), ("consistency", 0), ("hard", 0)]
    paths = study.STUDY.run(settings, ["supervised", "consistency", "hard"], seeds=2)
    assert ran[3:] == [("hard", 0), ("supervised", 1), ("consistency", 1)]
    assert all(path.is_file() for path in paths)
    with pytest.raises(ConfigError, match="no rows magic"):
        study.STUDY.run(settings, ["magic"])
    other = StudySettings(settings.data_root, settings.out, 0.5, weights=settings.weights)
    with pytest.raises(ConfigError, match=r"other settings \(scale\)"):
        study.STUDY.run(other)


def test_rows_of_other_weights_are_not_mixed(settings: StudySettings, tmp_path: Path) -> None:
    assert settings.kept()["weights"] == settings.recognizer.digest
    none = StudySettings(tmp_path, tmp_path)
    assert none.kept()["weights"] is None
    with pytest.raises(ConfigError, match="needs --start"):
        study.row_config("supervised", 0, none)


def test_held_out_photos_are_not_mined() -> None:
    assert data.held_out(Path("d/icdar2015_train/images/img_901.jpg"))
    assert not data.held_out(Path("d/icdar2015_train/images/img_900.jpg"))
    assert not data.held_out(Path("d/mlt17_en_fr/images/img_1001.jpg"))


class Words:
    """Crops of 30x32, 60x32 and 30x32 pixels, labelled with their positions."""

    sizes = ((30, 32), (60, 32), (30, 32))

    def __len__(self) -> int:
        return len(self.sizes)

    def image_size(self, index: int) -> tuple[int, int]:
        return self.sizes[index]

    def __getitem__(self, index: int) -> dict[str, Any]:
        width = 64 if index == 1 else 32
        inputs = torch.zeros(3, 32, width)
        return {"inputs": inputs, "data_samples": TextRecSample(text=f"Word{index}")}


def test_marks_of_tests_by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(data, "_TESTS", {"a": ("", "")})
    monkeypatch.setattr(data, "_part", lambda *_: {})
    monkeypatch.setattr(data.DATASETS, "build", lambda _: Words())
    shapes = []

    def read(batch: Any) -> dict[str, list[str]]:
        shapes.append([tuple(image.shape) for image in batch["inputs"]])
        texts = [sample.text for sample in batch["data_samples"]]
        return {"x": [t.lower() for t in texts], "y": ["word0" for _ in texts]}

    size = {"height": 32, "mode": "buckets", "widths": [32, 64], "stretch": 1.0}
    marks = data.marks_of_tests(read, tmp_path, size)
    # Words of one width together; exact scores see case.
    assert shapes == [[(3, 32, 32)] * 2, [(3, 32, 64)]]
    assert marks["x"] == {"folded": {"a": "111"}, "exact": {"a": "000"}}
    assert marks["y"]["folded"] == {"a": "100"}
    assert data.marks_of_tests(read, tmp_path, size, limit=1)["x"]["folded"] == {"a": "1"}


def test_log_of_several_sessions(tmp_path: Path) -> None:
    for session, steps in (("a", (50, 100)), ("b", (100, 150))):
        folder = tmp_path / session / "vis_data"
        folder.mkdir(parents=True)
        lines = [{"step": step, "train/kept": step / 1000} for step in steps]
        (folder / "x.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert study.logged(tmp_path, "kept") == [(50, 0.05), (100, 0.1), (150, 0.15)]
    assert study.logged(tmp_path, "loss") == []


def marks(share: float, words: int = 200) -> dict[str, Any]:
    """Of each test the first words are right; exactly so half of these."""
    right = round(share * words)
    folded = "1" * right + "0" * (words - right)
    exact = "1" * (right // 2) + "0" * (words - right // 2)
    return {
        kind: dict.fromkeys(data.TESTS, m) for kind, m in (("folded", folded), ("exact", exact))
    }


def made_row(name: str, seed: int, mean: float, **train: Any) -> dict[str, Any]:
    decoder = METHODS[name].decoder
    run = {"cpu_seconds": 60.0, "iterations": 100, "log": {}}
    return {
        "row": name,
        "title": METHODS[name].title,
        "seed": seed,
        "machine": "a computer",
        "threads": 1,
        "settings": {**StudySettings(Path(), Path()).kept(), "weights": "abcdef"},
        "data": {"photos": 3, "mined": 1234, "receipts": 4500},
        "start": {"attention": marks(0.28), "ctc": marks(0.29)},
        "train": {**run, "online": {decoder: marks(mean)}, **train},
    }


ROWS = [
    made_row("supervised", 0, 0.30),
    made_row("supervised", 1, 0.32),
    made_row("consistency", 0, 0.35, log={"kept": [[50, 0.1], [80, 0.4], [100, 0.6]]}),
    made_row("consistency", 1, 0.34, target={"attention": marks(0.36)}),
    made_row("hard", 0, 0.355),
    made_row("no_filter", 0, 0.20),
]


def test_gains_are_paired_by_seed_and_by_word() -> None:
    rows = StudyRows(ROWS, METHODS)
    assert gains("consistency", rows) == pytest.approx([0.05, 0.02])
    low, high = interval("consistency", "supervised", rows)
    # Half of 10 + 4 of 200 words differ in each of four tests: sd 0.0112.
    assert low == pytest.approx(0.035 - 1.96 * 0.0057, abs=2e-3)
    assert high == pytest.approx(0.035 + 1.96 * 0.0057, abs=2e-3)
    assert interval("consistency", "consistency", rows) == (0.0, 0.0)
    assert scores(ROWS[0])["mean"] == pytest.approx(0.30)
    assert scores(ROWS[0], "exact")["svt"] == pytest.approx(0.15)
    assert scores(ROWS[0], model="target") is None
    assert late(ROWS[2], "kept") == pytest.approx(0.5)
    assert late(ROWS[3], "kept") is None
    said = findings(rows)
    assert "same labels: **yes** (+5.0, +2.0 points, by seed; over words +" in said
    assert "soft labels are better than hard ones: **one run each** (-0.5 points, by seed" in said
    assert "the filter adds something: **one run each** (+15.0 points, by seed" in said
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
    assert "| *start of all rows, ctc* | 1 | 29.0 |" in text
    assert "+3.5 ± 1.5 [+" in text
    assert "50.0" in text
    assert "report +3.7 points" in text
    assert "Here it is +3.5 ± 1.5 points" in text
    assert "5,734 unlabelled crops" in text
    assert report.with_suffix(".png").stat().st_size > 1000
    with pytest.raises(ConfigError, match="no finished row"):
        write_report(tmp_path / "none", report)


def test_a_page_without_curves_has_no_figure(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "supervised_seed0.json").write_text(json.dumps(ROWS[0]))
    write_report(tmp_path / "rows", tmp_path / "study.md")
    assert "png" not in (tmp_path / "study.md").read_text()
    assert not (tmp_path / "study.png").exists()


def test_intervals_are_repeatable_and_shrink_with_words() -> None:
    generator = np.random.default_rng(0)

    def drawn(words: int, share: float) -> dict[str, str]:
        return {"a": "".join("01"[int(x < share)] for x in generator.random(words))}

    small = paired_interval([drawn(100, 0.5)], [drawn(100, 0.4)])
    large = [drawn(4000, 0.5)], [drawn(4000, 0.4)]
    assert paired_interval(*large) == paired_interval(*large)
    low, high = paired_interval(*large)
    assert 0.05 < low < high < 0.15
    assert high - low < (small[1] - small[0]) / 3
    assert accuracy("11-0") == pytest.approx(2 / 3)
