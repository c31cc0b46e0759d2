import importlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from research.configs import packaged_config
from research.release import SessionReport, publish, train_session
from research.release.cards import write_card
from research.release.gate import GateResult
from research.release.publish import shipped_score
from research.release.settings import SessionSettings
from spotter.errors import ConfigError, WeightsError
from spotter.registry import MODELS
from spotter.training.header import make_header
from spotter.training.weights import read_header, save_weights

# The package has a function of that name.
publish_module = importlib.import_module("research.release.publish")

CONFIG = {
    "type": "DBNet",
    "backbone": {"type": "MobileNetV3Large"},
    "neck": {"type": "FPNC", "lateral_channels": 8, "out_channels": 4},
    "head": {"type": "DBHead", "hidden": 4},
}


def report(score: float) -> SessionReport:
    return SessionReport(
        model="tiny",
        date="2026-01-01",
        minutes=1.0,
        iterations=10,
        samples=80,
        machine="test",
        started_from="scratch",
        score=score,
        metrics={"detection/hmean": score},
    )


def candidate(folder: Path, score: float, seed: int) -> Path:
    torch.manual_seed(seed)
    preprocessing = {
        "mean": [123.7, 116.3, 103.5],
        "std": [58.4, 57.1, 57.4],
        "limit_side": 64,
        "limit_type": "max",
        "size_divisor": 32,
    }
    header = make_header(
        "detection",
        "tiny",
        CONFIG,
        preprocessing=preprocessing,
        card={
            "score": score,
            "metrics": {"detection/hmean": score},
            "protocol": "test",
            "command": "test",
        },
    )
    save_weights(folder / "candidate.safetensors", MODELS.build(CONFIG), header)
    return folder / "candidate.safetensors"


def test_only_better_weights_are_shipped_and_every_session_is_logged(tmp_path: Path) -> None:
    weights_folder, docs = tmp_path / "weights_folder", tmp_path / "docs"
    assert shipped_score(weights_folder, "tiny") == float("-inf")
    outcomes = []
    for seed, score in enumerate((0.5, 0.4, 0.5, 0.6)):
        outcomes.append(
            publish(candidate(tmp_path, score, seed), report(score), weights_folder, docs)
        )
        assert shipped_score(weights_folder, "tiny") == max((0.5, score))
    assert outcomes == [True, False, False, True]
    assert (weights_folder / "tiny.onnx").is_file()
    assert read_header(weights_folder / "tiny.safetensors")["card"]["score"] == 0.6
    lines = (tmp_path / "research/releases/tiny.jsonl").read_text().splitlines()
    assert [json.loads(line)["shipped"] for line in lines] == outcomes
    table = (tmp_path / "research/releases/tiny.md").read_text()
    assert table.count("| yes |") == 2
    assert table.count("| no |") == 2
    card = (docs / "models/tiny.md").read_text()
    assert "| hmean | 0.6000 |" in card
    assert "A model for detection: DBNet (MobileNetV3Large, FPNC, DBHead), " in card
    # 0.5 and 0.6 were shipped; the sessions between count, too, as the state went on.
    assert "**training**: 0.1 hours in 4 sessions, 320 samples, on test, until 2026-01-01" in card
    assert "robustness" not in card
    publish(candidate(tmp_path, 0.5, 9), report(0.5), weights_folder, docs)
    (docs / "models/tiny_robustness.md").write_text("")
    write_card("tiny", weights_folder, docs)
    card = (docs / "models/tiny.md").read_text()
    assert "in 4 sessions" in card
    assert "](tiny_robustness.md)" in card
    with pytest.raises(WeightsError, match="no such weights"):
        write_card("huge", weights_folder, docs)


def test_a_model_has_to_beat_the_one_it_was_initialised_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights_folder, docs, rivals = tmp_path / "weights_folder", tmp_path / "docs", []

    def gate(kind: str, name: str, *_: object) -> GateResult:
        rivals.append(name)
        return GateResult({"end to end": 0.5}, {"end to end": 0.4 + 0.1 * len(rivals)})

    monkeypatch.setattr(publish_module, "run_release_gate", gate)
    grown = replace(report(0.9), init_from="small")
    assert not publish(candidate(tmp_path, 0.9, 0), grown, weights_folder, docs, tmp_path)
    assert (
        "| end to end 0.500 (0.500) | no |" in (tmp_path / "research/releases/tiny.md").read_text()
    )
    monkeypatch.setattr(
        publish_module, "run_release_gate", lambda *_: GateResult({"x": 0.5}, {"x": 0.4})
    )
    assert publish(candidate(tmp_path, 0.1, 0), grown, weights_folder, docs, tmp_path)
    monkeypatch.setattr(publish_module, "run_release_gate", gate)
    publish(candidate(tmp_path, 0.9, 0), grown, weights_folder, docs, tmp_path)
    assert rivals == ["small", "tiny"]


def test_unknown_kinds_and_configs_are_refused(tmp_path: Path) -> None:
    settings = SessionSettings("speller", 1.0, tmp_path, tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="speller"):
        train_session(settings)
    with pytest.raises(ConfigError, match="none"):
        packaged_config("none.py")


def test_another_metric_cannot_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights_folder, docs = tmp_path / "weights_folder", tmp_path / "docs"
    assert publish(candidate(tmp_path, 0.5, 0), report(0.5), weights_folder, docs)
    exact = replace(report(0.9), metric="recognition/mean/exact_accuracy")
    assert not publish(candidate(tmp_path, 0.9, 1), exact, weights_folder, docs)
    assert "no recognition/mean/exact_accuracy to compare with" in capsys.readouterr().out
    assert shipped_score(weights_folder, "tiny") == 0.5
