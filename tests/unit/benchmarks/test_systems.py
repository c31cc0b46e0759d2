from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.systems import RapidOCRSystem, Settings, our_system
from spotter.errors import ConfigError, ImageError, WeightsError
from spotter.labeling.rapidocr import RapidOCREngine
from tests.unit.pipeline.networks import bright_detector, digit_recognizer, photo, written

SETTINGS = Settings(threads=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("files")
    return bright_detector(folder / "bright.onnx"), digit_recognizer(folder / "digits.onnx")


def test_a_recognizer_reads_words(files: tuple[Path, Path]) -> None:
    system = our_system(str(files[1]), SETTINGS)
    assert system.name == "digits"
    assert system.tasks == {"words"}
    (text, score), (other, _) = system.read([written("31415926"), written("27182818")])
    assert (text, other) == ("31415926", "27182818")
    assert 0 < score <= 1


def test_a_detector_finds_words(files: tuple[Path, Path]) -> None:
    system = our_system(str(files[0]), SETTINGS)
    assert system.tasks == {"photos"}
    assert not system.reads
    image = photo(256, 192, [(20, 20, 90, 30)])
    (word,) = system.spot(image)
    assert word.text is None
    strict = our_system(str(files[0]), Settings(threads=1, min_score=1.1))
    assert strict.spot(image) == []


def test_a_preset_spots(files: tuple[Path, Path]) -> None:
    detector, recognizer = files
    preset = detector.parent / "preset.json"
    entry = {"detector": detector.name, "recognizer": recognizer.name, "min_score": 0.25}
    preset.write_text(json.dumps({**entry, "crop_margin": 0.1}))
    system = our_system(str(preset), SETTINGS)
    assert system.name == "preset: bright + digits"
    assert system.about["min_score"] == 0.25
    assert system.about["crop_margin"] == 0.1
    # The order of the two files does not matter.
    joined = our_system(f"{recognizer}+{detector}", SETTINGS)
    assert joined.name == "bright + digits"
    assert joined.tasks == {"photos", "words", "files"}


def test_weights_and_settings_tell_systems_apart(files: tuple[Path, Path], tmp_path) -> None:
    keys = {our_system(str(files[0]), Settings(threads=1, limit_side=s)).key for s in (None, 64)}
    changed = bright_detector(tmp_path / "bright.onnx", limit_side=96)
    keys.add(our_system(str(changed), SETTINGS).key)
    assert len(keys) == 3
    # How many threads run it does not change what is found.
    assert our_system(str(files[0]), Settings(threads=2)).key in keys


def test_unknown_models(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights"):
        our_system("nobody", SETTINGS)
    with pytest.raises(ConfigError, match="no such file"):
        our_system(str(tmp_path / "preset.json"), SETTINGS)


def rapidocr_with(engine: Any) -> RapidOCRSystem:
    """RapidOCR's system with another engine, which needs no package."""
    own = object.__new__(RapidOCREngine)
    own._engine, own.words, own.name = engine, True, "baseline"
    system = object.__new__(RapidOCRSystem)
    system.engine, system.name = own, "baseline"
    return system


def test_the_baseline_is_given_all_options_each_time() -> None:
    # RapidOCR keeps the options of a call for the next one.
    kept: dict[str, Any] = {}

    def engine(image: np.ndarray, **options: Any) -> SimpleNamespace:
        kept.update(options)
        if not kept["use_det"]:
            return SimpleNamespace(txts=("word",), scores=(0.5,))
        box = [[0, 0], [9, 0], [9, 5], [0, 5]]
        return SimpleNamespace(txts=("line",), word_results=[[("a", 0.9, box)]], elapse_list=[])

    system = rapidocr_with(engine)
    image = np.zeros((8, 8, 3), np.uint8)
    assert system.read([image]) == [("word", 0.5)]
    assert [word.text for word in system.spot(image)] == ["a"]
    assert system.read([image, image]) == [("word", 0.5)] * 2
    silent = rapidocr_with(lambda image, **options: SimpleNamespace(txts=None))
    assert silent.read([image]) == [(None, 0.0)]


def test_the_baseline_opens_files_and_reads_lines() -> None:
    calls: list[Any] = []

    def engine(image: str, **options: Any) -> SimpleNamespace:
        calls.append((image, options["return_word_box"]))
        if image.endswith("broken.png"):
            raise ValueError("no image")
        box = [[0, 0], [9, 0], [9, 5], [0, 5]]
        return SimpleNamespace(txts=("two words",), scores=(0.5,), boxes=[box])

    system = rapidocr_with(engine)
    assert [word.text for word in system.spot_file(Path("a.png"))] == ["two words"]
    assert calls == [("a.png", False)]
    with pytest.raises(ImageError, match=r"broken\.png: RapidOCR: no image"):
        system.spot_file(Path("broken.png"))


def test_tasks_that_a_system_lacks_are_refused(files: tuple[Path, Path]) -> None:
    reader = our_system(str(files[1]), SETTINGS)
    image = np.zeros((8, 8, 3), np.uint8)
    for call in (reader.spot, reader.timed_spot):
        with pytest.raises(ConfigError, match="digits: does not have the task 'photos'"):
            call(image)
    with pytest.raises(ConfigError, match="task 'files'"):
        reader.spot_file(Path("a.png"))
    with pytest.raises(ConfigError, match="task 'words'"):
        our_system(str(files[0]), SETTINGS).read([image])
