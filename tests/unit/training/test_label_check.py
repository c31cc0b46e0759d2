"""Labels and images that training cannot use are counted, named and left out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

from spotter.charset import Charset
from spotter.data.datasets import ConcatDataset, TextRecDataset
from spotter.data.readers import WordListReader
from spotter.errors import CharsetError, ConfigError, ImageError
from spotter.models.recognition.prediction import AttentionPrediction, CTCPrediction
from spotter.models.recognition.prediction.base import Prediction
from spotter.structures import TextRecSample
from spotter.training.hooks import LabelCheckHook
from spotter.training.runner import _skipping

STEPS = [{"type": "LoadCrop"}, {"type": "RecResize"}, {"type": "PackRecInputs"}]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    for name in "abc":
        Image.fromarray(np.zeros((8, 20, 3), np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "labels.txt").write_text("a.png Zürich\nb.png one\nc.png Ünïz!\n", "utf-8")
    return tmp_path


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines that go to the log."""
    lines: list[str] = []
    for module in ("training.hooks.label_check", "data.datasets", "data.cache"):
        monkeypatch.setattr(f"spotter.{module}.print_log", lambda line, *_: lines.append(line))
    return lines


def dataset(root: Path, **options: Any) -> TextRecDataset:
    return TextRecDataset(WordListReader(root / "labels.txt"), STEPS, name="cities", **options)


def check(
    charset: str, *datasets: TextRecDataset, decoder: type[Prediction] = CTCPrediction
) -> None:
    loader = SimpleNamespace(dataset=ConcatDataset(datasets))
    model = nn.Sequential(decoder(2, Charset.load(charset)))
    LabelCheckHook().before_train(
        SimpleNamespace(model=model, train_loop=SimpleNamespace(dataloader=loader))
    )


def test_labels_that_cannot_be_spelled_are_refused_or_left_out(
    words: Path, logged: list[str]
) -> None:
    line = r"cities: 2 of 3 labels have characters outside the charset: ü \(1\) Ü \(1\) ï \(1\)"
    with pytest.raises(CharsetError, match=line):
        check("94", dataset(words))
    check("94", dataset(words, unspellable="leave_out"))
    assert [line.partition(" labels")[0] for line in logged] == ["cities: 2 of 3"]
    check("latin", dataset(words))
    with pytest.raises(ConfigError, match="unspellable"):
        dataset(words, unspellable="shorten")


def test_labels_that_no_decoder_learns_from_are_told(words: Path, logged: list[str]) -> None:
    (words / "labels.txt").write_text("a.png one\nc.png two\n")
    incomplete = dataset(words, label_alphabet="36")
    check("94", incomplete)
    check("36", incomplete, decoder=AttentionPrediction)
    check("94", dataset(words), decoder=AttentionPrediction)
    assert not logged
    check("94", incomplete, decoder=AttentionPrediction)
    assert logged == [
        "cities: its labels leave out marks, case or spaces, and this decoder learns from none of"
        " them; complete them (spotter relabel), take CTC, or a smaller charset"
    ]


def test_no_word_is_shortened() -> None:
    samples = [TextRecSample(text=text) for text in ("Zürich", "its,", "Bern")]
    assert CTCPrediction(2, Charset.load("94")).labelled(samples) == ([1, 2], ["its,", "Bern"])
    # A charset of letters and digits is to read words without their marks.
    assert CTCPrediction(2, Charset.load("36")).labelled(samples) == ([1, 2], ["its", "bern"])


def test_characters_without_a_form() -> None:
    charset = Charset.load("94")
    assert charset.unspellable("a ñb") == "ñ"
    assert charset.unspellable("ｆｕｌｌ！") == ""
    assert Charset.load("62").unspellable("it's é") == "é"


@pytest.mark.parametrize("cached", [False, True])
def test_an_unreadable_picture_is_skipped_and_counted(
    words: Path, cached: bool, logged: list[str]
) -> None:
    options: dict[str, Any] = {"cache_dir": words / "cache"} if cached else {}
    with pytest.raises(ImageError):
        dataset(words, **options)[1]
    skipping = dataset(words, skip_unreadable=True, **options)
    assert skipping[1]["data_samples"].text != "one"
    assert len(skipping.unreadable) == 1
    assert any("skipped" in line and ("b.png" in line or cached) for line in logged)
    if cached:
        assert skipping.cache is not None
        assert skipping.cache.unreadable == 1
    # Samplers ask for the size before anything is drawn.
    assert min(skipping.image_size(1)) >= 1
    assert skipping.image_size(0) == (20, 8)


def test_training_skips_in_every_source() -> None:
    config = {"type": "ConcatDataset", "datasets": [{"reader": {}}, {"files": []}]}
    assert _skipping(config)["datasets"] == [{"skip_unreadable": True, "reader": {}}, {"files": []}]
