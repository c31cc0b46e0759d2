from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.speed import RapidOCRSide
from benchmarks.systems import Settings, our_contender
from spotter.errors import ConfigError, ImageError, WeightsError
from tests.unit.pipeline.networks import bright_detector, digit_recognizer, photo, written

SETTINGS = Settings(threads=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("files")
    return bright_detector(folder / "bright.onnx"), digit_recognizer(folder / "digits.onnx")


def test_a_recognizer_reads_words(files: tuple[Path, Path]) -> None:
    contender = our_contender(str(files[1]), SETTINGS)
    assert contender.name == "digits"
    assert contender.photos is None
    assert contender.words is not None
    (text, score), (other, _) = contender.words([written("31415926"), written("27182818")])
    assert (text, other) == ("31415926", "27182818")
    assert 0 < score <= 1


def test_a_detector_finds_words(files: tuple[Path, Path]) -> None:
    contender = our_contender(str(files[0]), SETTINGS)
    assert contender.words is None
    assert not contender.reads
    assert contender.photos is not None
    image = photo(256, 192, [(20, 20, 90, 30)])
    (word,) = contender.photos(image)
    assert word.text is None
    strict = our_contender(str(files[0]), Settings(threads=1, min_score=1.1))
    assert strict.photos is not None
    assert strict.photos(image) == []


def test_a_pair_spots(files: tuple[Path, Path]) -> None:
    detector, recognizer = files
    pair = detector.parent / "pair.json"
    entry = {"detector": detector.name, "recognizer": recognizer.name, "min_score": 0.25}
    pair.write_text(json.dumps({**entry, "crop_margin": 0.1}))
    contender = our_contender(str(pair), SETTINGS)
    assert contender.name == "pair: bright + digits"
    assert contender.about["min_score"] == 0.25
    assert contender.about["crop_margin"] == 0.1
    # The order of the two files does not matter.
    joined = our_contender(f"{recognizer}+{detector}", SETTINGS)
    assert joined.name == "bright + digits"
    assert joined.photos is not None
    assert joined.words is not None


def test_weights_and_settings_tell_contenders_apart(files: tuple[Path, Path], tmp_path) -> None:
    keys = {our_contender(str(files[0]), Settings(threads=1, limit_side=s)).key for s in (None, 64)}
    changed = bright_detector(tmp_path / "bright.onnx", limit_side=96)
    keys.add(our_contender(str(changed), SETTINGS).key)
    assert len(keys) == 3
    # How many threads run it does not change what is found.
    assert our_contender(str(files[0]), Settings(threads=2)).key in keys


def test_unknown_models(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights"):
        our_contender("nobody", SETTINGS)
    with pytest.raises(ConfigError, match="no such file"):
        our_contender(str(tmp_path / "pair.json"), SETTINGS)


def test_the_peer_is_asked_anew_each_time() -> None:
    # RapidOCR keeps the options of a call for the next one.
    kept: dict[str, Any] = {}

    def engine(image: np.ndarray, **options: Any) -> SimpleNamespace:
        kept.update(options)
        if not kept["use_det"]:
            return SimpleNamespace(txts=("word",), scores=(0.5,))
        box = [[0, 0], [9, 0], [9, 5], [0, 5]]
        return SimpleNamespace(txts=("line",), word_results=[[("a", 0.9, box)]], elapse_list=[])

    side = object.__new__(RapidOCRSide)
    side._engine, side._words, side.name = engine, True, "peer"
    image = np.zeros((8, 8, 3), np.uint8)
    assert side.read_word(image) == ("word", 0.5)
    assert [word.text for word in side.run(image).words] == ["a"]
    assert side.read_word(image) == ("word", 0.5)
    side._engine = lambda image, **options: SimpleNamespace(txts=None)
    assert side.read_word(image) == (None, 0.0)


def test_the_peer_opens_files_and_reads_lines() -> None:
    calls: list[Any] = []

    def engine(image: str, **options: Any) -> SimpleNamespace:
        calls.append((image, options["return_word_box"]))
        if image.endswith("broken.png"):
            raise ValueError("no image")
        box = [[0, 0], [9, 0], [9, 5], [0, 5]]
        return SimpleNamespace(txts=("two words",), scores=(0.5,), boxes=[box])

    side = object.__new__(RapidOCRSide)
    side._engine, side._words, side.name = engine, True, "peer"
    assert [word.text for word in side.read_file(Path("a.png"))] == ["two words"]
    assert calls == [("a.png", False)]
    with pytest.raises(ImageError, match=r"broken\.png: RapidOCR: no image"):
        side.read_file(Path("broken.png"))
