"""Whole adaptations of a small recognizer, and what a batch may lack."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import Tensor

from spotter.adaptation import run
from spotter.adaptation.crops import Crops
from spotter.adaptation.drawn import TextLike, draw_words
from spotter.adaptation.labelled import LabelledWords
from spotter.adaptation.labels import WordLabel, WordRules
from spotter.adaptation.run import AdaptationSettings, adapt_recognizer
from spotter.adaptation.schedule import AdaptationScheduleHook, rate_at
from spotter.adaptation.training import AdaptationConsistency, TrainingSettings, run_adaptation
from spotter.cli.adapt import adapt, report_lines
from spotter.data.readers.lmdb import LMDBReader
from spotter.data.readers.pseudo_labels import sample_name
from spotter.errors import ConfigError, SpotterError, TrainingInterrupted
from spotter.pipeline import WordRecognizer
from spotter.structures import TextRecSample
from spotter.training.hooks import InterruptHook
from spotter.training.runner import SpotterRunner
from spotter.training.weights import load_state, read_header
from tests.unit.adaptation.conftest import CHARACTERS, text_of


@pytest.fixture(autouse=True, scope="module")
def plain_configs() -> Iterator[None]:
    """Without mmengine's formatting of configs, which takes longer than these runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, "pretty_text", property(lambda self: f"cfg = {self.to_dict()!r}"))
        yield


@pytest.fixture
def model(weights: Path) -> AdaptationConsistency:
    config = {**read_header(weights)["config"], "charset": {"characters": CHARACTERS}}
    torch.manual_seed(0)
    return AdaptationConsistency(config, threshold=0.0, projection=None)


def views(count: int, text: str | None = None) -> tuple[Tensor, list[TextRecSample]]:
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, 3, 32, 48, generator=generator)
    return images, [TextRecSample(text=text) for _ in range(count)]


@pytest.mark.parametrize("missing", ["labelled", "weak and strong"])
def test_a_batch_may_lack_a_kind(model: AdaptationConsistency, missing: str) -> None:
    model.train()
    parts = {"labelled": views(3, "12"), "weak": views(4), "strong": views(4)}
    kept = {name: part for name, part in parts.items() if name not in missing}
    inputs = {name: images for name, (images, _) in kept.items()}
    samples = {name: each for name, (_, each) in kept.items()}
    losses = model(inputs, samples, "loss")
    supervised = float(losses["loss_ctc"].detach())
    if missing == "labelled":
        assert supervised == 0.0
        assert "loss_consistency" in losses
    else:
        assert supervised > 0.0
        assert "loss_consistency" not in losses
    assert model.updates == 1


def test_batch_norms_keep_their_statistics(model: AdaptationConsistency) -> None:
    model.train()
    before = {k: v.clone() for k, v in model.recognizer.named_buffers()}
    images, samples = views(4, "12")
    model({"labelled": images}, {"labelled": samples}, "loss")
    assert before
    after = dict(model.recognizer.named_buffers())
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_the_rate_over_the_time() -> None:
    assert rate_at(0.0) == 0.01
    assert rate_at(0.025) == pytest.approx(0.5)
    assert rate_at(0.05) == pytest.approx(1.0)
    assert rate_at(0.525) == pytest.approx(0.51)
    assert rate_at(1.0) == pytest.approx(0.02)
    with pytest.raises(ConfigError, match="must be positive"):
        AdaptationScheduleHook(0)


def test_an_interrupted_training_has_the_rest_of_its_time() -> None:
    groups = [{"lr": 1e-5, "initial_lr": 2e-3}, {"lr": 1e-5, "initial_lr": 1e-3}]
    runner: Any = SimpleNamespace(
        message_hub=SimpleNamespace(runtime_info={"trained_minutes": 3.0}),
        cfg=Config({"optim_wrapper": {"optimizer": {"lr": 1e-2}}}),
        optim_wrapper=SimpleNamespace(param_groups=groups),
    )
    hook = AdaptationScheduleHook(4)
    hook.before_train(runner)
    assert hook.share() == pytest.approx(0.75, abs=0.01)
    assert 50 < hook.seconds_left() <= 60
    hook.before_train_iter(runner, 0)
    assert groups[0]["lr"] == pytest.approx(1e-2 * rate_at(0.75), rel=0.05)
    assert groups[1]["lr"] == pytest.approx(0.5 * groups[0]["lr"])


def test_a_signal_that_stops_the_training_tells_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, schedule = InterruptHook(), AdaptationScheduleHook(4)
    stop.received = "SIGTERM"
    monkeypatch.setattr(schedule, "seconds_left", lambda: 60.0)
    stopped = SimpleNamespace(hooks=[stop, schedule], train=lambda: None)
    monkeypatch.setattr(SpotterRunner, "from_cfg", lambda _: stopped)
    with pytest.raises(TrainingInterrupted) as ended:
        run_adaptation(Config({"work_dir": str(tmp_path)}))
    assert ended.value.status == 128 + signal.SIGTERM


def test_drawn_words_like_those_read(tmp_path: Path) -> None:
    source = TextLike(["A1-b"], "abcABC0123-")
    rng = np.random.default_rng(0)
    texts = {source.sample(rng) for _ in range(200)}
    assert "A1-b" in texts
    assert len(texts) > 20
    for upper, digit, mark, lower in texts:
        assert upper in "ABC"
        assert digit in "0123"
        assert mark == "-"
        assert lower in "abc"
    folder = draw_words(tmp_path / "words", 6, CHARACTERS, 1, like=["12", "345"])
    labels = [sample["text"] for sample in LMDBReader(folder)]
    assert len(labels) == 6
    assert all(len(label) in (2, 3) and set(label) <= set(CHARACTERS) for label in labels)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels are the truth: the small recognizer has none to give."""

    def label_words(
        crops: Crops, indices: list[int], reader: Any, out: Path, *_: Any
    ) -> dict[int, WordLabel]:
        samples = crops.reader()
        texts = {i: text_of(int(Path(crops.origins[i]).stem)) for i in indices}
        lines = [
            json.dumps({"image": sample_name(samples[i]), "text": text, "score": 1.0}) + "\n"
            for i, text in texts.items()
        ]
        out.write_text("".join(lines))
        return {i: WordLabel(text, "", text) for i, text in texts.items()}

    monkeypatch.setattr(run, "label_words", label_words)


def settings(weights: Path, **changes: Any) -> AdaptationSettings:
    training = TrainingSettings(minutes=0.02, device="cpu", batch_size=4)
    common = {"start": weights, "training": training, "held_back": 0.2, "drawn": 12}
    return AdaptationSettings(**{**common, "threads": 1, **changes})


def test_an_adaptation_from_start_to_end(
    pictures: Path, weights: Path, tmp_path: Path, told: None
) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("".join(f"{pictures / f'{n:02d}.png'} {text_of(n)}\n" for n in range(4)))
    out, work = tmp_path / "mine.safetensors", tmp_path / "work"
    report = adapt_recognizer(pictures, out, work, settings(weights), LabelledWords(file))
    # The four labelled words are neither learned from nor held back.
    assert report.counts["crops"] == 40
    held = report.before.held_back
    assert held is not None
    assert report.counts["learned"] + held.words == 36
    assert report.counts["labelled"] == report.counts["learned"]
    assert report.weights == out
    assert read_header(out)["card"]["adapted_from"] == "small"
    moved = [
        name
        for name, tensor in load_state(out).items()
        if tensor.dim() > 1 and not torch.equal(tensor, load_state(weights)[name].half().float())
    ]
    assert moved
    assert WordRecognizer(recognizer=out, threads=1, language="none").read([pictures / "00.png"])
    told_file = json.loads((work / "report.json").read_text())
    assert told_file["weights"] == "mine.safetensors"
    lines = report_lines(report)
    assert any(line.startswith("4 labelled words, exact") for line in lines)
    # Other settings are another adaptation.
    with pytest.raises(ConfigError, match="name another --work-dir"):
        adapt_recognizer(pictures, out, work, settings(weights, rules=WordRules(min_score=0.5)))


def test_what_has_forgotten_is_refused(
    pictures: Path, weights: Path, tmp_path: Path, told: None
) -> None:
    out = tmp_path / "mine.safetensors"
    # Better than now is asked for: one that reads nothing cannot be.
    asked = settings(weights, max_loss=-1.1, max_share=1.0)
    report = adapt_recognizer(pictures, out, tmp_path / "work", asked)
    assert report.weights is None
    assert "on the guard set is" in report.reason
    assert [candidate.share for candidate in report.choice.tried] == [1.0, 0.75, 0.5, 0.25]
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["words", "--crops", "--out", "mine.onnx"], "weights are a .safetensors file"),
        (["words", "--crops", "--out", "m.safetensors"], "words: no such folder"),
        (["words", "--out", "m.safetensors", "--labels", "a.csv"], "a.csv: no such file"),
        (["words", "--out", "m.safetensors", "--held-back", "1"], "held_back must be in"),
        (["words", "--out", "m.safetensors", "--share", "0"], "share of adapted weights in"),
        (["words", "--out", "m.safetensors", "--minutes", "0"], "must be positive"),
        (["words", "--out", "m.safetensors", "--recognizer", "none"], "no such weights"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpotterError, match=line):
        adapt.main(arguments, standalone_mode=False)
