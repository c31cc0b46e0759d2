"""Adaptation of a small detector to photos without labels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from spotter.adaptation import detector as adaptation
from spotter.adaptation.base import Report
from spotter.adaptation.choice import Candidate, Choice
from spotter.adaptation.detector import (
    DetectorFigures,
    DetectorSettings,
    adapt_detector,
    measure_agreement,
)
from spotter.adaptation.detector_training import DetectorConsistency
from spotter.adaptation.training import TrainingSettings
from spotter.cli.adapt import adapt, detector_lines
from spotter.errors import ConfigError, SpotterError
from spotter.own_data.labels import Labels
from spotter.own_data.photos import FoundWords
from spotter.registry import MODELS
from spotter.structures import TextInstance
from spotter.training.header import make_header, register_models
from spotter.training.weights import load_state, read_header, save_weights

DETECTOR = {
    "type": "DBNet",
    "backbone": {"type": "MobileNetV3Large", "scale": 0.5, "norm_eval": True, "frozen_blocks": 0},
    "neck": {"type": "FPNC", "lateral_channels": 8, "out_channels": 4, "norm": True},
    "head": {"type": "DBHead", "hidden": 8, "loss": {"type": "DBLoss"}},
    "data_preprocessor": {"type": "DetDataPreprocessor"},
}
SIZE = {"limit_side": 96, "limit_type": "max", "size_divisor": 32}


@pytest.fixture(autouse=True, scope="module")
def plain_configs() -> Iterator[None]:
    """Without mmengine's formatting of configs, which takes longer than these runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, "pretty_text", property(lambda self: f"cfg = {self.to_dict()!r}"))
        patch.setattr(adaptation, "_FEWEST_PHOTOS", 3)
        yield


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector that has not learned anything."""
    register_models()
    torch.manual_seed(0)
    means = {"mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4]}
    header = make_header("detection", "small", DETECTOR, preprocessing=means | SIZE)
    file = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_weights(file, MODELS.build(DETECTOR), header)
    return file


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(8):
        photo = rng.integers(0, 60, (96, 96, 3)).astype(np.uint8)
        photo[30:60, 20:80] = 240
        cv2.imwrite(str(folder / f"{number}.png"), photo)
    return folder


@pytest.fixture
def method() -> DetectorConsistency:
    register_models()
    torch.manual_seed(0)
    return DetectorConsistency(DETECTOR, sure_text=0.8, sure_background=0.3)


def test_only_what_the_average_is_sure_of_is_taught(
    method: DetectorConsistency, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def average(images: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(images.shape[-2:]))
        # A column each of background, of neither, and of text; larger views are surer.
        levels = torch.tensor([0.1, 0.5, 0.7 if images.shape[-1] == 192 else 0.95])
        return levels.repeat_interleave(images.shape[-1] // 3).expand(1, 1, images.shape[-2], -1)

    monkeypatch.setattr(method.target, "forward", average)
    maps = method.teach(torch.zeros(1, 3, 64, 192))
    assert seen == [(64, 192), (96, 288)]
    # The mean of 0.7 and 0.95 is above 0.8: text.
    assert maps["shrink_map"][0, 0, [10, 96, 180]].tolist() == [0.0, 0.0, 1.0]
    assert maps["shrink_mask"][0, 0, [10, 96, 180]].tolist() == [1.0, 0.0, 1.0]
    assert not maps["threshold_mask"].any()


def test_a_batch_may_lack_a_kind(method: DetectorConsistency) -> None:
    method.train()
    weak = torch.randn(2, 3, 64, 64)
    losses = method({"weak": weak, "strong": weak}, {}, "loss")
    assert set(losses) == {"loss_consistency", "sure"}
    assert method.target.updates == 1
    first = next(method.target.parameters())
    assert not first.requires_grad
    start = first.clone()
    with torch.no_grad():
        next(method.detector.parameters()).add_(1.0)
    method({"weak": weak, "strong": weak}, {}, "loss")
    # The second update goes half of the way, whatever the momentum.
    torch.testing.assert_close(first, start + 0.5)
    with pytest.raises(ConfigError, match="sure_background < sure_text"):
        DetectorConsistency(DETECTOR, sure_text=0.2)


def settings(weights: Path, **changes: Any) -> DetectorSettings:
    training = TrainingSettings(minutes=0.02, lr=1e-3, device="cpu", batch_size=2)
    common = {"start": weights, "training": training, "held_back": 0.3, "drawn": 1, "guard": 1}
    return DetectorSettings(**{**common, "threads": 1, **changes})


def test_an_adaptation_from_start_to_end(
    photos: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotter.adaptation.detector_training._CROP", 96)
    polygon = [[20, 30], [80, 30], [80, 60], [20, 60]]
    words = [{"polygon": polygon, "text": "ab", "ignore": False}]
    labelled = Labels(True, [{"img_path": str(photos / "0.png"), "instances": words}])
    out, work = tmp_path / "mine.safetensors", tmp_path / "work"
    asked = settings(weights, max_loss=1.0)
    report = adapt_detector(photos, out, work, asked, labelled)
    lines = (work / "photos.jsonl").read_text().splitlines()
    # The labelled photo is neither learned from nor held back.
    assert 3 <= len(lines) == report.counts["learned"] < 7
    assert not any("/0.png" in line for line in lines)
    assert report.after.labelled is not None
    assert report.weights == out
    assert read_header(out)["card"]["adapted_from"] == "small"
    assert out.with_suffix(".onnx").is_file()
    assert load_state(out).keys() == load_state(weights).keys()
    assert json.loads((work / "report.json").read_text())["weights"] == "mine.safetensors"
    with pytest.raises(ConfigError, match="name another --work-dir"):
        adapt_detector(photos, out, work, replace(asked, held_back=0.5), labelled)
    few = settings(weights, held_back=0.95)
    with pytest.raises(ConfigError, match="at least 3 are needed"):
        adapt_detector(photos, out, tmp_path / "few", few)


def test_agreement_of_views(photos: Path) -> None:
    class Finds:
        """Finds the word in photos of the size of the file and in larger ones."""

        def find(self, images: list[np.ndarray]) -> list[list[TextInstance]]:
            side = images[0].shape[0]
            if side < 96:
                return [[]]
            quad = np.array([[20, 30], [80, 30], [80, 60], [20, 60]], np.float32) * (side / 96)
            return [[TextInstance(quad)]]

    agreement, found = measure_agreement(Finds(), [photos / "0.png"])  # type: ignore[arg-type]
    # Two of three views show it: precision 1, recall 2 / 3.
    assert found == 1
    assert agreement == pytest.approx(0.8)


def test_the_lines_of_a_report() -> None:
    was, now = FoundWords(0.5, 0.5, 0.5), FoundWords(0.75, 0.5, 0.6)
    choice = Choice([Candidate(Path("a"), 1.0, now)])
    report = Report(
        DetectorFigures(was, 0.8, 10),
        DetectorFigures(now, 0.9, 12),
        choice,
        {"learned": 3},
        None,
    )
    assert detector_lines(report) == [
        "guard set: before hmean 50.0 (precision 50.0, recall 50.0),"
        " after hmean 60.0 (precision 75.0, recall 50.0)",
        "views of the photos held back agree: before 80.0 of 10 words, after 90.0 of 12",
        "share of the adapted weights, and h-mean of the guard set: 1: 60.0",
    ]


def test_a_detector_is_not_adapted_to_crops() -> None:
    arguments = ["photos", "--what", "detector", "--crops", "--out", "mine.safetensors"]
    with pytest.raises(SpotterError, match="--crops: a detector is adapted to whole photos"):
        adapt.main(arguments, standalone_mode=False)
