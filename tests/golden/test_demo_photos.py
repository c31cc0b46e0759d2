"""The shipped presets on the demo photos: words, boxes and scores, on both runtimes."""

from __future__ import annotations

import importlib.util
from collections import Counter
from typing import Any

import pytest

from spotter.hub.resolution import resolve_preset
from spotter.runtime import openvino
from tests.golden.words import GOLDEN, PHOTOS, PRESETS, as_text, load, read_photos

PIXELS = 3.0
SCORE = 0.05
SURE_SHARE = 0.9


def differences(
    read: list[dict[str, Any]], golden: list[dict[str, Any]], min_score: float
) -> list[str]:
    """What is missing and what is too much, one line a word.

    A word whose score is no further than ``SCORE`` from the least score may be there or not.
    """
    rest, found = list(read), []
    for word in golden:
        same = next((other for other in rest if _same(word, other)), None)
        if same is not None:
            rest.remove(same)
        elif word["score"] > min_score + SCORE:
            found.append(f"missing: {word}")
    return found + [f"new: {word}" for word in rest if word["score"] > min_score + SCORE]


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (
        one["text"] == other["text"]
        and abs(one["score"] - other["score"]) <= SCORE
        and all(abs(a - b) <= PIXELS for a, b in zip(one["box"], other["box"], strict=True))
    )


def _compare(preset: str, runtime: str) -> None:
    if runtime == "openvino" and importlib.util.find_spec("openvino") is None:
        pytest.skip("openvino is not installed")
    golden, min_score = load()[preset], resolve_preset(preset).min_score
    changes = [
        f"{photo}: {line}"
        for photo, words in read_photos(preset, runtime).items()
        for line in differences(words, golden[photo], min_score)
    ]
    assert not changes, "\n".join(
        [*changes, "If that is meant: python -m tests.golden.words, and look at what changed."]
    )


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino, "computes_in_bfloat16", lambda: False)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_read_the_demo_photos_as_before(preset: str) -> None:
    _compare(preset, "onnx")


def test_openvino_reads_them_alike_in_single_precision(single: None) -> None:
    _compare("default", "openvino")


@pytest.mark.slow
@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset != "default"])
def test_openvino_reads_them_alike_with_each_preset(single: None, preset: str) -> None:
    _compare(preset, "openvino")


@pytest.mark.skipif(not openvino.is_quicker("cpu"), reason="no bfloat16 here, or no OpenVINO")
def test_in_bfloat16_nearly_all_sure_words_are_read_alike() -> None:
    # Probabilities near a threshold fall on either side of it: a word is cut, or joined to another.
    golden, read = load()["default"], read_photos("default", "openvino")
    sure = Counter(
        (photo, w["text"]) for photo in golden for w in golden[photo] if w["score"] > 0.6
    )
    found = Counter((photo, w["text"]) for photo in read for w in read[photo])
    assert sum((sure & found).values()) >= SURE_SHARE * sum(sure.values())


def test_the_file_names_every_preset_and_photo_and_is_as_it_is_written() -> None:
    golden = load()
    assert set(golden) == set(PRESETS)
    assert all(set(photos) == {photo.name for photo in PHOTOS} for photos in golden.values())
    assert as_text(golden) == GOLDEN.read_text("utf-8")


def test_differences_are_told() -> None:
    exit_sign = {"text": "EXIT", "box": [10.0, 20.0, 90.0, 40.0], "score": 0.9}
    assert differences([exit_sign], [exit_sign], 0.3) == []
    near = {"text": "EXIT", "box": [12.9, 20.0, 90.0, 37.1], "score": 0.86}
    assert differences([near], [exit_sign], 0.3) == []
    for change in ({"text": "EXIIT"}, {"box": [13.1, 20.0, 90.0, 40.0]}, {"score": 0.84}):
        changed = {**exit_sign, **change}
        told = differences([changed], [exit_sign], 0.3)
        assert told == [f"missing: {exit_sign}", f"new: {changed}"]
    faint = {**exit_sign, "score": 0.34}
    assert differences([], [faint], 0.3) == []
    assert differences([faint], [], 0.3) == []
