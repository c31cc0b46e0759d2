"""Outlines of several words, on pictures drawn by hand."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.joining import JoinedWord
from spotter.pipeline.splitting import (
    accepted_splits,
    propose_splits,
    replace_wholes,
    splits_read_well,
)
from spotter.structures import TextInstance


def line(*starts: int, width: int = 12) -> np.ndarray:
    """Letters 24 pixels high from x on: frames of ink on paper."""
    image = np.full((80, 300, 3), 230, np.uint8)
    for x in starts:
        cv2.rectangle(image, (x, 30), (x + width - 1, 53), (20, 20, 20), 2)
    return image


def box(left: float, right: float) -> TextInstance:
    corners = np.array([[left, 26], [right, 26], [right, 58], [left, 58]], np.float32)
    return TextInstance(corners, detection_score=0.9)


def read(*texts: str, score: float = 0.9) -> list[WordReading]:
    return [WordReading(text, [], score) for text in texts]


# "1 of 3": 14 pixels are 0.44 of the outline's height of 32.
IMAGE = line(40, 66, 81, 107)
WORD = box(36, 123)


def test_an_outline_is_taken_apart_at_its_spaces() -> None:
    [split] = propose_splits(IMAGE, [WORD], [])
    assert split.index == 0
    assert split.word is WORD
    np.testing.assert_allclose(split.spaces, (0.44, 0.44), atol=0.08)
    spans = [(part.polygon[:, 0].min(), part.polygon[:, 0].max()) for part in split.parts]
    # Each reaches a tenth of the height beyond its ink, the outer ones as far as the whole.
    np.testing.assert_allclose(spans, [(36, 55), (63, 96), (104, 123)], atol=2)
    assert all(part.detection_score == 0.9 for part in split.parts)


def test_letterspaced_words_and_close_letters_stay_whole() -> None:
    assert propose_splits(line(40, 66, 92, 118), [box(36, 134)], []) == []
    assert propose_splits(line(40, 55, 70, 85), [box(36, 101)], []) == []
    # One that is a piece of another word, and one of another shape.
    pieces = JoinedWord([0, 1], box(0, 200))
    assert propose_splits(IMAGE, [WORD, box(130, 180)], [pieces]) == []
    curved = TextInstance(np.repeat(WORD.polygon, 2, axis=0))
    assert propose_splits(IMAGE, [curved], []) == []


def test_parts_have_to_say_what_the_whole_says() -> None:
    [whole] = read("1of3", score=0.95)
    assert splits_read_well(whole, read("1", "of", "3"), (0.3, 0.3))
    assert not splits_read_well(whole, read("l", "of", "3"), (0.3, 0.3))
    assert not splits_read_well(whole, read("1", "at", "3", score=0.97), (0.3, 0.3))
    assert not splits_read_well(whole, read("1of3", "", ""), (0.3, 0.3))
    assert not splits_read_well(whole, read("1", "3", score=0.97), (0.3,))
    turned = WordReading("1of3", [], 0.5, rotation=180)
    assert not splits_read_well(turned, read("1", "of", "3"), (0.3, 0.3))


def test_narrow_characters_do_not_part_words_and_numbers() -> None:
    for whole, parts, narrow, wide in (
        ("return", ("retu", "rn"), 0.4, 0.5),
        ("17.30", ("1", "7.30"), 0.5, 0.9),
        ("#01-62", ("#01", "-62"), 0.3, 0.5),
        ('"ok":', ('"ok"', ":"), 0.5, 0.9),
        ("X7Q4", ("X", "7Q4"), 0.5, 0.9),
        ("45B", ("45", "B"), 0.5, 0.9),
    ):
        assert not splits_read_well(read(whole)[0], read(*parts), (narrow,))
        assert splits_read_well(read(whole)[0], read(*parts), (wide,))


def test_parts_take_the_place_of_the_whole() -> None:
    words, readings = [box(200, 250), WORD], read("No.", "1of3")
    splits = propose_splits(IMAGE, words, [])
    assert [split.index for split in splits] == [1]
    accepted = accepted_splits(readings, splits, [read("1", "of", "3")])
    kept, texts = replace_wholes(words, readings, accepted.values())
    assert [reading.text for reading in texts] == ["No.", "1", "of", "3"]
    assert kept == [words[0], *splits[0].parts]
    assert accepted_splits(readings, splits, [read("1", "of", "8")]) == {}
    assert replace_wholes(words, readings, []) == (words, readings)
