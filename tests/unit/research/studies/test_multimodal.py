"""The study of vision and language: its rows are what they say, its page what they gave."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.registry import DefaultScope

from research.studies import multimodal as study
from research.studies import multimodal_configs as configs
from research.studies import training
from research.studies.multimodal_configs import METHODS, StudySettings
from research.studies.multimodal_report import examples, findings, write_report
from research.studies.multimodal_score import compare, correct, milliseconds_per_word
from research.studies.report import StudyRows
from research.studies.semi_supervised_data import TESTS
from research.studies.training import RunResult
from spotter.errors import ConfigError
from spotter.models.recognition import ClozeLanguageModel
from spotter.registry import MODELS
from spotter.training.header import register_models
from spotter.training.weights import load_into
from tests.unit.research.studies.conftest import RECOGNIZER


@pytest.fixture
def settings(tmp_path: Path) -> StudySettings:
    return StudySettings(tmp_path / "data", tmp_path / "out", archives=tmp_path / "archives")


@pytest.mark.parametrize("name", METHODS)
def test_rows_are_what_they_say(name: str, settings: StudySettings) -> None:
    method, runs = METHODS[name], settings.out / "runs"
    cfg = configs.row_config(name, 1, settings)
    assert [source["into"] for source in cfg.load_from] == ["vision", "language"]
    assert cfg.load_from[0].path == str(runs / f"{method.vision}_seed1" / "last.safetensors")
    # All seeds ask the same language model.
    assert cfg.load_from[1].path == str(runs / "language_seed0" / "last.safetensors")
    texts = str(cfg.train_dataloader)
    for tested in ("svt_words_test", "iiit5k", "icdar2015_words"):
        assert tested not in texts
    supervised = name.startswith("fusion")
    assert ("mined_words" in texts) != supervised
    assert cfg.train_dataloader.batch_size == (14 if supervised else 48)
    assert (cfg.model.get("weight", 1.0) == 0.0) == supervised
    if not supervised:
        assert cfg.train_dataloader.dataset.ratios == [0.3, 0.7]
    teachers = {"taught_by_fusion": "fusion", "taught_by_all": "all"}
    assert cfg.model.teacher == teachers.get(name, cfg.model.teacher)
    assert cfg.model.hard == (name != "soft")
    if name == "self":
        register_models()
        with DefaultScope.overwrite_default_scope("spotter"):
            model = MODELS.build(cfg.model)
        assert model.recognizer.rounds == 2
        assert model.recognizer.language.channels == 96


def test_stages_go_on_from_each_other(settings: StudySettings) -> None:
    start = configs.start_config(0, settings)
    assert start.model.auxiliary.type == "CTCPrediction"
    assert "load_from" not in start
    for kind, weight in (("supervised", 0.0), ("contrastive", 1.0)):
        cfg = configs.vision_config(kind, 0, settings)
        assert cfg.load_from.path == str(settings.out / "runs" / "start_seed0" / "last.safetensors")
        assert cfg.model.get("contrastive_weight", 1.0) == weight
        assert ("mined" in str(cfg.train_dataloader)) == (kind == "contrastive")
        assert cfg.model.recognizer == configs.study_vision(settings)
    language = configs.language_config(settings)
    assert language.train_cfg.max_iters == settings.language
    assert language.model.language == configs.small_language()
    assert language.train_dataloader.dataset.noise.probability == 0.5
    assert (
        configs.language_config(settings, "language_clean").train_dataloader.dataset.noise is None
    )
    masked = configs.language_config(settings, "language_masked").model.language
    assert masked == {**configs.small_language(), "type": "MaskedLanguageModel"}


def test_vision_starts_from_the_encoder_of_given_weights(tmp_path: Path, weights: Path) -> None:
    settings = StudySettings(tmp_path, tmp_path, archives=tmp_path, weights=weights)
    first = configs.start_config(0, settings)
    assert first.load_from.path == str(weights)
    assert "prediction." not in first.load_from.prefixes
    assert first.model.feature_extraction == RECOGNIZER["feature_extraction"]
    assert first.model.prediction.type == "ParallelPrediction"
    with DefaultScope.overwrite_default_scope("spotter"):
        model = MODELS.build(first.model)
    names = {name for name, _ in model.named_parameters()}
    report = load_into(model, **first.load_from)
    assert {name for name in names if name.startswith("feature_extraction.")} <= set(report.used)
    assert report.missing == []
    later = configs.row_config("self", 0, settings).model.recognizer.vision
    assert later.feature_extraction == RECOGNIZER["feature_extraction"]


def test_stages_are_shared_and_rows_resumed(
    settings: StudySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, int]] = []
    monkeypatch.setattr(study, "prepare_data", lambda *_: None)
    settings.archives.mkdir(parents=True)
    (settings.archives / "data.json").write_text('{"mined": 5}')

    def train(cfg: Any, folder: Path, _: object) -> tuple[RunResult, Any]:
        name, _, seed = folder.name.rpartition("_seed")
        ran.append((name, int(seed)))
        folder.mkdir(parents=True)
        return RunResult(iterations=3), SimpleNamespace(model=torch.nn.Identity())

    monkeypatch.setattr(study, "_scores", lambda *_: {})
    monkeypatch.setattr(training, "run", train)
    study.STUDY.run(settings, ["fusion", "self"], seeds=2)
    assert ran == [
        *[("start", 0), *((name, 0) for name in configs.LANGUAGES)],
        *[("supervised", 0), ("fusion", 0)],
        *[("contrastive", 0), ("self", 0)],
        *[("start", 1), ("supervised", 1), ("fusion", 1), ("contrastive", 1), ("self", 1)],
    ]
    ran.clear()
    study.STUDY.run(settings, ["fusion", "self", "soft"], seeds=1)
    assert ran == [("soft", 0)]
    with pytest.raises(ConfigError, match="no rows magic"):
        study.STUDY.run(settings, ["magic"])


def test_disagreements_by_hand() -> None:
    found: dict[str, list[list[str]]] = {"helped": [], "hurt": []}
    compare(
        found,
        "svt",
        ["Cafe", "BAR", "inn", "pub"],
        ["cofe", "bar", "lnn", "pub"],
        ["CAFE", "bar", "ion", "pup"],
    )
    assert found == {
        "helped": [["svt", "Cafe", "cofe", "CAFE"]],
        "hurt": [["svt", "pub", "pub", "pup"]],
    }


def test_correction_keeps_lengths_and_weighs_language() -> None:
    torch.manual_seed(0)
    language = ClozeLanguageModel("36", 4, channels=8, num_layers=1, heads=2).eval()
    with torch.no_grad():
        language.classifier.weight.zero_()
        language.classifier.bias.zero_()
        language.classifier.bias[12] = 3.0
        # Language would end every word at once.
        language.classifier.bias[0] = 9.0
    logits = torch.zeros(1, 5, 37)
    logits[0, 0, 11], logits[0, 1, 13], logits[0, 2:, 0] = 2.0, 5.0, 9.0
    assert torch.equal(correct(logits, language, 0.0).argmax(-1), logits.argmax(-1))
    tokens = correct(logits, language, 1.0).argmax(-1)[0].tolist()
    # At place 0 language says 3 - 0 > 2, at place 1 vision says 5 > 3.
    assert tokens == [12, 13, 0, 0, 0]


def test_time_is_measured(settings: StudySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    register_models()
    with DefaultScope.overwrite_default_scope("spotter"):
        model = MODELS.build(configs.row_config("self", 0, settings).model).recognizer.eval()
    # By a clock of its own the features take 2 seconds, and language 3 in each round.
    clock = [0.0]

    def takes(seconds: float) -> Any:
        return lambda *_: clock.__setitem__(0, clock[0] + seconds)

    model.vision.feature_extraction.register_forward_hook(takes(2.0))
    model.language.register_forward_hook(takes(3.0))
    monkeypatch.setattr(time, "process_time", lambda: clock[0])
    times = milliseconds_per_word(model, 32, repeats=2)
    wanted = {"vision": 2e3, "vision and language": 2e3 + 3e3 * model.rounds, "per round": 3e3}
    assert times == wanted


def made_row(name: str, seed: int, fusion: float, vision: float) -> dict[str, Any]:
    def everywhere(value: float) -> dict[str, float]:
        return dict.fromkeys((*TESTS, "mean"), value)

    run = {"cpu_seconds": 60.0, "iterations": 100, "curve": [[30.0, 0.1], [60.0, fusion]]}
    corrected = {"0.25": everywhere(0.31), "0.5": everywhere(0.33), "1.0": everywhere(0.2)}
    stage = {**run, "vision": everywhere(0.3), "corrected": corrected}
    shares = ("character_accuracy", "correction_accuracy", "misspelt_words", "wrong_words")
    scores = {**dict.fromkeys(shares, 0.25), "perplexity": 4.5, "count": 1500}
    language = {**run, "metrics": {f"language/{key}": value for key, value in scores.items()}}
    return {
        "row": name,
        "title": METHODS[name].title,
        "vision": METHODS[name].vision,
        "seed": seed,
        "machine": "a computer",
        "threads": 1,
        "settings": StudySettings(Path(), Path(), archives=Path()).kept(),
        "data": {"mined": 1234},
        "stages": {"start": run, **dict.fromkeys(configs.LANGUAGES, language), "vision": stage},
        "train": {
            **run,
            "accuracy": {
                "vision": everywhere(vision),
                "language": everywhere(0.25),
                "fusion1": everywhere(0.01),
                "fusion2": everywhere(fusion),
            },
            "helped": [["svt", "CAFE", "cofe", "cafe"]] * 30,
            "hurt": [["iiit5k", "XQ7", "xq7", "x97"]],
            "milliseconds": {"vision": 2.0, "vision and language": 5.0, "per round": 1.5},
        },
    }


ROWS = [
    made_row("fusion", 0, 0.34, 0.32),
    made_row("fusion", 1, 0.36, 0.32),
    made_row("self", 0, 0.40, 0.36),
    made_row("self", 1, 0.38, 0.36),
    made_row("soft", 0, 0.41, 0.36),
]


def test_findings_and_examples() -> None:
    said = findings(StudyRows(ROWS, METHODS))
    assert "fusion, supervised: fusion reads +2.0 points beyond vision" in said
    assert "consistency beats supervised fusion: **yes** (+6.0, +2.0 points, by seed)" in said
    assert "soft ones of sure words: **one run each** (-1.0 points, by seed)" in said
    assert "language for all" not in said
    shown = examples(StudyRows(ROWS, METHODS))
    assert "Helped: 30 words." in shown
    assert shown.count("| `CAFE` | `cofe` | `cafe` | svt |") == 12
    assert "| `XQ7` | `xq7` | `x97` | iiit5k |" in shown


def test_the_page_has_every_number(tmp_path: Path) -> None:
    for row in ROWS:
        path = tmp_path / "rows" / f"{row['row']}_seed{row['seed']}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(row))
    report = tmp_path / "multimodal.md"
    write_report(tmp_path / "rows", report)
    text = report.read_text()
    assert "| vision only, supervised | 2 | 30.0 ± 0.0 |" in text
    assert "without fusion, contrastive (weight 0.5) | 2 | 33.0 ± 0.0 |" in text
    assert "| consistency, each taught by itself | 2 | 39.0 ± 1.0 |" in text
    assert "vision 2.0 ms, with language 5.0 ms in 2 rounds, so 1.5 ms for each" in text
    assert "| cloze, trained on right words | 25.0 | 4.50 | 25.0 | 25.0 | 25.0 |" in text
    assert "1,500 held-out words" in text
    # Two starts, three language models, four first stages and five rows of a minute.
    assert "together took 14 processor minutes" in text
    assert report.with_suffix(".png").stat().st_size > 1000
    with pytest.raises(ConfigError, match="no finished row"):
        write_report(tmp_path / "none", report)
