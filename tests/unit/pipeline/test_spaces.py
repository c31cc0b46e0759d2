"""Boxes of several words are parted where a recognizer that knows the space sees one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.decoding.ctc import Decoded, decode_ctc, take_out_space
from spotter.pipeline.crop_batching import CropBatcher, WordReading
from spotter.pipeline.crops import reading_directions
from spotter.pipeline.ink import parts_between
from spotter.pipeline.join_choice import accepted_joins, with_joins
from spotter.pipeline.joining import JoinedWord
from spotter.pipeline.recognizer import RawPrediction
from spotter.pipeline.splitting import seen_parts
from spotter.structures import TextInstance

CHARACTERS = "abc "


def frames(path: str) -> np.ndarray:
    """Logits (1, T, 5) whose best path this is; ``-`` is the blank."""
    logits = np.zeros((1, len(path), 5), np.float32)
    for place, character in enumerate(path):
        logits[0, place, "-abc ".index(character)] = 5.0
    return logits


def test_the_space_counts_as_a_blank_and_says_where_it_was() -> None:
    seen = take_out_space(frames("-aa  b-c -"), CHARACTERS)
    assert seen.characters == "abc"
    assert seen.logits.shape == (1, 10, 4)
    [reading] = decode_ctc(seen.logits, seen.characters)
    assert reading.text == "abc"
    # Frames 3 and 4 of ten; the one after the last character parts nothing.
    assert seen.spaces == [(0.4,)]


def test_no_probability_is_lost_with_the_space() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 7, 5)).astype(np.float32)
    rest = take_out_space(logits, CHARACTERS).logits
    before = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    after = np.exp(rest) / np.exp(rest).sum(-1, keepdims=True)
    np.testing.assert_allclose(after[..., 0], before[..., 0] + before[..., 4], rtol=1e-5)
    np.testing.assert_allclose(after[..., 1:], before[..., 1:4], rtol=1e-5)


def test_a_character_twice_around_a_space_stays_twice() -> None:
    seen = take_out_space(frames("a a"), CHARACTERS)
    assert decode_ctc(seen.logits, seen.characters)[0].text == "aa"


def test_frames_of_one_space_between_blanks_are_one_space() -> None:
    assert take_out_space(frames("a - -b c"), CHARACTERS).spaces == [(0.3125, 0.8125)]


@pytest.mark.parametrize(
    ("path", "probability", "seen"),
    [("a-b", 0.12, True), ("a-b", 0.08, False), ("a-.", 0.12, False), ("a .", 0.12, True)],
)
def test_a_likely_space_counts_between_letters(path: str, probability: float, seen: bool) -> None:
    characters = "ab. "
    logits = np.full((1, 3, 5), -20.0, np.float32)
    for place, character in enumerate(path):
        logits[0, place, "-ab. ".index(character)] = 0.0
    if path[1] == "-":
        logits[0, 1, [0, 4]] = np.log([1 - probability, probability])
    assert take_out_space(logits, characters).spaces == [(0.5,) if seen else ()]


def test_without_a_space_among_the_characters_nothing_changes() -> None:
    logits = frames("ab")[..., :4]
    seen = take_out_space(logits, "abc")
    assert seen.logits is logits
    assert seen.spaces == [()]


def photo() -> tuple[np.ndarray, np.ndarray]:
    """Two bars of ink with a gap from 60 to 80, and the outline around them."""
    image = np.full((40, 160, 3), 255, np.uint8)
    for left, right in ((20, 60), (80, 140)):
        cv2.rectangle(image, (left, 12), (right - 1, 27), (0, 0, 0), -1)
    return image, np.array([[16, 8], [144, 8], [144, 32], [16, 32]], np.float32)


def test_parts_end_at_the_gap_near_a_space() -> None:
    image, outline = photo()
    # 0.45 of 128 pixels from 16: 73.6, within the gap but not in its middle.
    (left, _), (right, _) = parts_between(image, outline, outline, [0.45])
    np.testing.assert_allclose(left[[0, 3]], outline[[0, 3]])
    np.testing.assert_allclose(right[[1, 2]], outline[[1, 2]])
    assert 60 < left[1, 0] < 66
    assert 74 < right[0, 0] < 80


def test_without_a_gap_nearby_parts_end_where_the_space_is_seen() -> None:
    image, outline = photo()
    (left, _), (right, _) = parts_between(image, outline, outline, [0.8])
    assert left[1, 0] == pytest.approx(16 + 0.8 * 128, abs=3)
    assert right[0, 0] == pytest.approx(16 + 0.8 * 128, abs=3)


def test_outlines_of_parts_are_those_of_the_word_without_the_margin() -> None:
    image, outline = photo()
    cut = outline + np.array([[-4, -4], [4, -4], [4, 4], [-4, 4]], np.float32)
    parts = parts_between(image, cut, outline, [0.45])
    np.testing.assert_allclose(parts[0][0][0], outline[0], atol=1e-3)
    np.testing.assert_allclose(parts[1][0][1], outline[1], atol=1e-3)
    np.testing.assert_allclose(parts[0][1][0], cut[0], atol=1e-3)


def test_a_curved_word_is_parted_along_its_strip() -> None:
    # Two bars of ink on an arc of 90 degrees around the photo's lower middle, radii 60 to 90.
    image = np.full((120, 200, 3), 255, np.uint8)
    for first, last in ((-140, -100), (-80, -40)):
        cv2.ellipse(image, (100, 110), (75, 75), 0, first, last, (0, 0, 0), 14)
    angles = np.deg2rad(np.linspace(-140, -40, 8))
    ring = np.stack([np.cos(angles), np.sin(angles)], 1)
    strip = np.concatenate([[100, 110] + 88 * ring, ([100, 110] + 62 * ring)[::-1]])
    strip = strip.astype(np.float32)
    (left, cut), (right, _) = parts_between(image, strip, strip, [0.45])
    np.testing.assert_allclose(left, cut, atol=1e-3)
    assert left.shape == right.shape == (16, 2)
    np.testing.assert_allclose(left[[0, -1]], strip[[0, -1]], atol=1e-3)
    np.testing.assert_allclose(right[[7, 8]], strip[[7, 8]], atol=1e-3)
    ends = [left[7], right[0]]
    found = [np.rad2deg(np.arctan2(y - 110, x - 100)) for x, y in ends]
    # The gap is between -100 and -80 degrees, less the round ends of the bars.
    assert -105 < found[0] < found[1] < -75
    assert found[0] < -90 < found[1]


class WidthReader:
    """Reads crops by their width: the widest one as two words."""

    def crop(self, img: np.ndarray, cut: np.ndarray, stretch: float = 1.0) -> np.ndarray:
        width = int(np.linalg.norm(cut[1] - cut[0]))
        return np.zeros((4, width, 3), np.uint8)

    def forward(self, crops: list[np.ndarray]) -> list[RawPrediction]:
        width = crops[0].shape[1]
        if width > 100:
            reading = RawPrediction(Decoded("ab", [], 0.6), spaces=(0.42,))
        else:
            reading = RawPrediction(Decoded("a" if width < 55 else "b", [], 0.9))
        return [reading] * len(crops)

    def decode(self, prediction: RawPrediction) -> Decoded:
        return prediction.greedy


class DoubtfulReader(WidthReader):
    """Sees a space in the middle of every crop."""

    def forward(self, crops: list[np.ndarray]) -> list[RawPrediction]:
        return [RawPrediction(Decoded("ab", [], 0.6), spaces=(0.5,))] * len(crops)


def test_parts_are_not_parted_again() -> None:
    image, outline = photo()
    batcher = CropBatcher(DoubtfulReader(), 4, part_words=True)  # type: ignore[arg-type]
    batcher.add(image, reading_directions(outline))
    [reading] = batcher.finish()
    assert [part.parts for part in reading.parts] == [[], []]


@pytest.mark.parametrize("part_words", [True, False])
def test_the_batcher_reads_what_is_between_spaces(part_words: bool) -> None:
    image, outline = photo()
    batcher = CropBatcher(WidthReader(), 4, part_words=part_words)  # type: ignore[arg-type]
    batcher.add(image, reading_directions(outline))
    [reading] = batcher.finish()
    assert reading.text == "ab"
    assert [part.text for part in reading.parts] == (["a", "b"] if part_words else [])


def test_parts_count_where_they_agree_or_are_surer() -> None:
    outline = photo()[1]
    word = TextInstance(outline, detection_score=0.7)

    def parts(whole: str, score: float, *texts: str) -> list[str]:
        read = [WordReading(text, score=0.9, outline=outline) for text in texts]
        whole_reading = WordReading(whole, score=score, outline=outline, parts=read)
        found = seen_parts([word], [whole_reading])
        return [part.text for _, each in found.values() for part in each]

    assert parts("Of312", 0.99, "of", "312") == ["of", "312"]
    assert parts("of372", 0.9, "of", "312") == []
    assert parts("of372", 0.7, "of", "312") == ["of", "312"]
    assert parts("of", 0.1, "of", "") == []


@pytest.mark.parametrize(("parts", "joined"), [(("of", "3/12"), False), (("of3", "/12"), True)])
def test_pieces_stay_apart_where_a_space_is_seen_between_them(
    parts: tuple[str, ...], joined: bool
) -> None:
    outline = photo()[1]
    words = [TextInstance(outline, detection_score=0.9) for _ in range(2)]
    pieces = [WordReading(text, score=0.9, outline=outline) for text in ("of", "3/12")]
    read = [WordReading(text, score=0.9, outline=outline) for text in parts]
    whole = WordReading("of3/12", score=0.95, outline=outline, parts=read)
    join = JoinedWord([0, 1], TextInstance(outline, detection_score=0.9))
    _, readings = with_joins(words, pieces, accepted_joins(words, pieces, [(join, whole)]))
    assert [each.text for each in readings] == (["of3/12"] if joined else ["of", "3/12"])
