"""Runs of neighbouring words."""

from __future__ import annotations

import numpy as np

from spotter.data.readers import NeighbouringWordsReader, SceneWordsReader


def word(text: str | None, left: float, top: float, width: float, height: float = 20) -> dict:
    right, bottom = left + width, top + height
    polygon = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return {"polygon": polygon, "text": text, "ignore": text is None}


def texts(*words: dict, **options: int) -> list[str]:
    photos = [{"img_path": "a.jpg", "instances": list(words)}]
    return [
        run["text"]
        for photo in NeighbouringWordsReader(photos, **options)
        for run in photo["instances"]
    ]


def test_runs_of_two_and_three_words() -> None:
    line = [word("one", 0, 0, 40), word("of", 50, 4, 20, 16), word("3,", 80, 0, 15)]
    assert texts(*line) == ["one of", "one of 3,", "of 3,"]
    assert texts(*line, most_words=2) == ["one of", "of 3,"]
    assert texts(*line, max_length=6) == ["one of", "of 3,"]


def test_other_lines_far_words_and_illegible_ones_end_a_run() -> None:
    assert texts(word("a", 0, 0, 40), word("b", 50, 30, 40)) == []
    assert texts(word("a", 0, 0, 40), word("b", 70, 0, 40)) == []
    assert texts(word("a", 0, 0, 40), word(None, 45, 0, 10), word("b", 58, 0, 40)) == []
    assert texts(word("a", 0, 0, 40), word("b", 50, -60, 40, 100)) == []


def test_columns_of_letters_are_in_no_run() -> None:
    before, after = word("old", 0, 0, 40, 30), word("sign", 75, 0, 60, 30)
    assert texts(before, word("INN", 50, 0, 15, 34), after) == []
    # One or two characters are often narrow.
    assert texts(before, word("12", 50, 0, 15, 34), after)[0] == "old 12"


def test_the_polygon_holds_the_words_of_a_slanted_line() -> None:
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    words = [word("one", 0, 0, 40), word("of", 50, 4, 20, 16)]
    for each in words:
        each["polygon"] = each["polygon"] @ turn
    [photo] = NeighbouringWordsReader([{"img_path": "a.jpg", "instances": words}])
    expected = np.array([[0, 0], [70, 0], [70, 20], [0, 20]], np.float32) @ turn
    np.testing.assert_allclose(photo["instances"][0]["polygon"], expected, atol=1e-3)


def test_runs_are_cut_like_words() -> None:
    photos = [{"img_path": "a.jpg", "instances": [word("a", 0, 0, 40), word("b", 50, 0, 40)]}]
    crops = SceneWordsReader(NeighbouringWordsReader(photos))
    assert [crop["text"] for crop in crops] == ["a b"]
