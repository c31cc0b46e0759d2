"""Pooling, choice of direction, and reading of word crops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spotter.decoding import CTCBeamSearch, LanguageDecoder, LanguageModel, WordSource
from spotter.decoding.ctc import Decoded
from spotter.errors import ConfigError, WeightsError
from spotter.hub.resolution import ResolvedPreset
from spotter.pipeline import WordRecognizer
from spotter.pipeline.crop_batching import CropBatcher, best_direction
from spotter.pipeline.crops import Direction, reading_directions
from spotter.pipeline.recognizer import RawPrediction, TextRecognizer
from spotter.pipeline.word_recognizer import open_recognizer
from spotter.runtime.onnx import OnnxRuntime
from tests.unit.pipeline.networks import digit_recognizer, photo, written

TALL = np.array([[20, 0], [20, 60], [0, 60], [0, 0]], np.float32)


def chosen(*texts_and_scores: tuple[str, float]) -> tuple[str, int]:
    readings = [Decoded(text, [], score) for text, score in texts_and_scores]
    directions = reading_directions(TALL)
    best = best_direction(directions, readings)
    return readings[best].text, directions[best].rotation


def test_the_most_confident_direction_wins() -> None:
    assert chosen(("zq", 0.1), ("hotel", 0.8), ("1a10y", 0.2)) == ("hotel", 270)
    assert chosen(("zq", 0.1), ("1a10y", 0.2), ("hotel", 0.8)) == ("hotel", 90)
    assert chosen(("ab", 0.9), ("hotel", 0.8), ("x", 0.3)) == ("ab", 0)
    assert chosen(("", 0.0), ("x", 0.3), ("", 0.0)) == ("x", 270)


def test_a_single_character_is_never_turned() -> None:
    assert chosen(("I", 0.4), ("-", 0.99), ("--", 0.98)) == ("I", 0)


def test_ties_go_to_the_first() -> None:
    assert chosen(("ab", 0.5), ("cd", 0.5), ("ef", 0.5)) == ("ab", 0)


def test_what_is_vertical_may_beat_a_single_character() -> None:
    directions = reading_directions(TALL)
    directions.append(replace(directions[0], vertical=True))
    readings = [Decoded(text, [], s) for text, s in (("I", 0.4), ("-", 0.99), ("--", 0.98))]
    assert best_direction(directions, [*readings, Decoded("HOTEL", [], 0.5)]) == 3
    assert best_direction(directions, [*readings, Decoded("HOTEL", [], 0.3)]) == 0
    # Three characters are no single one on its side.
    for text, best in (("Z", 0), ("NE", 0), ("NEW", 2)):
        turned = [readings[0], readings[1], Decoded(text, [], 0.99)]
        assert best_direction(directions[:3], turned) == best


class CountingReader:
    """Reads a crop as the blue value of its first pixel; logs its batches."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, int]] = []

    def crop(self, img: np.ndarray, cut: np.ndarray, stretch: float = 1.0) -> np.ndarray:
        x, y = cut[0].astype(int)
        return img[y : y + 4, x : x + int(cut[1][0] - cut[0][0])]

    def forward(self, crops: list[np.ndarray]) -> list[RawPrediction]:
        self.batches.append((len(crops), crops[0].shape[1]))
        assert len({crop.shape for crop in crops}) == 1
        return [RawPrediction(Decoded(str(crop[0, 0, 0]), [], 1.0)) for crop in crops]

    def decode(self, prediction: RawPrediction) -> Decoded:
        return prediction.greedy


def test_the_pool_batches_by_width_across_photos() -> None:
    reader = CountingReader()
    batcher = CropBatcher(reader, batch_size=3)
    widths = [8, 4, 8, 4, 8, 8, 4, 4]
    for value, width in enumerate(widths):
        image = np.full((4, width, 3), value, np.uint8)
        cut = np.array([[0, 0], [width, 0], [width, 4], [0, 4]], np.float32)
        assert batcher.add(image, [Direction(cut, cut)]) == value
    assert [reading.text for reading in batcher.finish()] == [str(i) for i in range(len(widths))]
    assert sorted(reader.batches) == [(1, 4), (1, 8), (3, 4), (3, 8)]


@pytest.fixture(scope="module")
def crops() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    sizes = [(20, 60), (40, 41), (32, 128), (60, 20), (25, 90), (9, 9), (32, 32), (70, 22)]
    return [rng.integers(0, 256, (h, w, 3)).astype(np.uint8) for h, w in sizes]


def summary(recognizer: WordRecognizer, images: list) -> list[tuple[str, float, int]]:
    readings, errors = recognizer.read(images)
    assert errors == [None] * len(images)
    return [(r.text, r.score, r.rotation) for r in readings]


def test_readings_do_not_depend_on_the_batch(preset: dict[str, Path], crops: list) -> None:
    recognizer = WordRecognizer(recognizer=preset["recognizer"], threads=1)
    alone = [summary(recognizer, [crop])[0] for crop in crops]
    assert len({text for text, _, _ in alone}) > 5
    for size in (1, 3, 8):
        recognizer.batch_size = size
        for order in (range(len(crops)), [5, 1, 7, 0, 3, 2, 6, 4]):
            together = summary(recognizer, [crops[i] for i in order])
            for i, (text, score, rotation) in zip(order, together, strict=True):
                assert (text, rotation) == (alone[i][0], alone[i][2])
                assert score == pytest.approx(alone[i][1], rel=1e-5)


@pytest.mark.parametrize("rotation", [0, 90, 270])
def test_turned_words_are_read(preset: dict[str, Path], rotation: int) -> None:
    # Turned clockwise by the rotation, the crop is upright again.
    crop = np.ascontiguousarray(np.rot90(written("31415926"), rotation // 90))
    recognizer = WordRecognizer(recognizer=preset["recognizer"], threads=1)
    [(text, score, turn)] = summary(recognizer, [crop])
    assert (text, turn) == ("31415926", rotation)
    assert score > 0.99
    as_is = WordRecognizer(recognizer=preset["recognizer"], threads=1, turn=False)
    [(text, _, turn)] = summary(as_is, [crop])
    assert (text == "31415926", turn) == (rotation == 0, 0)


def test_bad_crops_get_their_line(preset: dict[str, Path], tmp_path: Path) -> None:
    recognizer = WordRecognizer(recognizer=preset["recognizer"], threads=1)
    good = photo(64, 32, [(4, 4, 50, 24)])
    readings, errors = recognizer.read([good, tmp_path / "none.png", b"no image", good])
    assert [reading is None for reading in readings] == [False, True, True, False]
    assert errors[0] is None
    assert "no such file" in errors[1]
    assert "\n" not in errors[2]
    assert recognizer.read([]) == ([], [])


def test_headers_that_cannot_be_served(tmp_path: Path) -> None:
    keep = OnnxRuntime(digit_recognizer(tmp_path / "keep.onnx", mode="keep_ratio", width=100))
    with pytest.raises(WeightsError, match="mode 'fixed' or 'buckets'"):
        TextRecognizer(keep)
    with pytest.raises(WeightsError, match=r"preprocessing\.depth is unknown"):
        digit_recognizer(tmp_path / "strange.onnx", depth=3)


def test_fixed_width(tmp_path: Path) -> None:
    path = digit_recognizer(tmp_path / "fixed.onnx", mode="fixed", width=100)
    reader = TextRecognizer(OnnxRuntime(path))
    cut = np.array([[0, 0], [300, 0], [300, 20], [0, 20]], np.float32)
    assert reader.crop(photo(320, 40, []), cut).shape == (32, 100, 3)


class Dreamer(CountingReader):
    """Sees the clearer the lighter a crop is; makes a word of anything."""

    def forward(self, crops: list[np.ndarray]) -> list[RawPrediction]:
        return [RawPrediction(Decoded("seen", [], float(crop[0, 0, 0]) / 255)) for crop in crops]

    def decode(self, prediction: RawPrediction) -> Decoded:
        return Decoded("dreamt", [], 1.0 - prediction.greedy.score, prediction.greedy.score)


def test_a_turned_word_is_chosen_by_what_was_seen() -> None:
    # Language makes a word of anything: its score must not decide the direction.
    image = np.repeat(np.array([10, 200, 90], np.uint8), 8)[None, :, None].repeat(4, 0).repeat(3, 2)
    cuts = [np.array([[x, 0], [x + 8, 0], [x + 8, 4], [x, 4]], np.float32) for x in (0, 8, 16)]
    batcher = CropBatcher(Dreamer(), batch_size=8)
    batcher.add(
        image, [Direction(cut, cut, turn) for cut, turn in zip(cuts, (0, 90, 270), strict=True)]
    )
    [word] = batcher.finish()
    assert (word.text, word.rotation, word.visual_score) == ("dreamt", 90, 200 / 255)


def test_language_corrects_what_was_not_sure(tmp_path: Path) -> None:
    recognizer = digit_recognizer(tmp_path / "digits.onnx")
    # One digit of the second crop is half another.
    crop, other = written("1234"), written("1294")
    mixed = (0.52 * other.astype(np.float32) + 0.48 * crop).astype(np.uint8)
    plain = WordRecognizer(recognizer=recognizer, threads=1, language="none")
    greedy = plain.read([mixed])[0][0]
    assert greedy is not None
    assert greedy.visual_score is None
    model = LanguageModel.build([WordSource({"a": 1.0})], 2)
    decoder = LanguageDecoder(CTCBeamSearch(model), threshold=1.0, min_greedy_score=0.0)
    helped = WordRecognizer(recognizer=recognizer, threads=1, language=decoder)
    reading = helped.read([mixed])[0][0]
    assert reading is not None
    assert reading.visual_score == pytest.approx(greedy.score)
    file = tmp_path / "model.npz"
    model.save(file)
    assert WordRecognizer(recognizer=recognizer, language=file).read([crop])[0][0].text == "1234"


def test_language_needs_ctc_and_a_file(tmp_path: Path) -> None:
    recognizer = digit_recognizer(tmp_path / "digits.onnx")
    with pytest.raises(WeightsError, match="no such language model"):
        WordRecognizer(recognizer=recognizer, language=tmp_path / "none.npz")
    runtime = OnnxRuntime(recognizer)
    runtime.header["config"]["prediction"]["type"] = "ParallelPrediction"
    model = LanguageModel.build([WordSource({"a": 1.0})], 2)
    with pytest.raises(ConfigError, match="of CTC, not of ParallelPrediction"):
        TextRecognizer(runtime, LanguageDecoder.open(model))


def test_attention_reads_without_the_language_of_the_preset(tmp_path: Path) -> None:
    runtime = OnnxRuntime(digit_recognizer(tmp_path / "digits.onnx"))
    model = LanguageModel.build([WordSource({"a": 1.0})], 2)
    model.save(tmp_path / "model.npz")
    preset = ResolvedPreset(tmp_path, tmp_path, language=str(tmp_path / "model.npz"))
    assert open_recognizer(runtime, None, preset).language is not None
    runtime.header["config"]["prediction"]["type"] = "AttentionPrediction"
    assert open_recognizer(runtime, None, preset).language is None
    assert open_recognizer(runtime, "none", preset).language is None
    # Who asks for language is told that there is none.
    with pytest.raises(ConfigError, match="of CTC, not of AttentionPrediction"):
        open_recognizer(runtime, model, preset)
