"""The merge of windows, by hand."""

from __future__ import annotations

import numpy as np

from spotter.pipeline.tiling import SearchedWindow, merge_windows
from spotter.structures import TextInstance


def word(x: float, y: float, w: float, h: float, score: float = 0.9) -> TextInstance:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return TextInstance(corners, detection_score=score)


def boxes(words: list[TextInstance]) -> list[list[float]]:
    return [[*w.polygon[0].tolist(), *np.ptp(w.polygon, axis=0).tolist()] for w in words]


LEFT, RIGHT, WHOLE = ((0, 0, 100, 100), 1.0), ((60, 0, 160, 100), 1.0), ((0, 0, 160, 100), 0.6)


def test_nothing() -> None:
    assert merge_windows([], 160, 100) == []
    assert merge_windows([SearchedWindow(*LEFT, []), SearchedWindow(*RIGHT, [])], 160, 100) == []


def test_a_word_seen_twice_is_one_word() -> None:
    windows = [
        SearchedWindow(*LEFT, [word(65, 10, 25, 10, 0.7)]),
        SearchedWindow(*RIGHT, [word(65, 10, 24, 10, 0.8)]),
    ]
    assert boxes(merge_windows(windows, 160, 100)) == [[65, 10, 24, 10]]


def test_a_whole_word_beats_its_cut_half() -> None:
    cut = word(80, 10, 20, 10, score=0.99)
    windows = [
        SearchedWindow(*LEFT, [cut]),
        SearchedWindow(*RIGHT, [word(80, 10, 40, 10, score=0.6)]),
    ]
    assert boxes(merge_windows(windows, 160, 100)) == [[80, 10, 40, 10]]


def test_a_word_at_the_photos_border_is_not_cut() -> None:
    at_border = word(0, 10, 30, 10, score=0.5)
    windows = [
        SearchedWindow(*LEFT, [at_border]),
        SearchedWindow(*WHOLE, [word(0, 10, 28, 10, score=0.9)]),
    ]
    # Neither is cut: the finer window wins over the higher score.
    assert boxes(merge_windows(windows, 160, 100)) == [[0, 10, 30, 10]]


def test_a_large_word_is_taken_from_the_whole_photo() -> None:
    large = word(10, 10, 140, 60, score=0.6)
    fragments = [word(12, 12, 40, 56, 0.9), word(55, 12, 40, 56, 0.9)]
    windows = [SearchedWindow(*LEFT, fragments), SearchedWindow((0, 0, 400, 250), 0.4, [large])]
    assert boxes(merge_windows(windows, 400, 250)) == [[10, 10, 140, 60]]


def test_neighbours_stay_apart_and_order_does_not_matter() -> None:
    windows = [
        SearchedWindow(*LEFT, [word(10, 10, 30, 10), word(42, 10, 30, 10)]),
        SearchedWindow(*RIGHT, [word(110, 40, 30, 10)]),
    ]
    forward = boxes(merge_windows(windows, 160, 100))
    assert sorted(forward) == [[10, 10, 30, 10], [42, 10, 30, 10], [110, 40, 30, 10]]
    assert sorted(boxes(merge_windows(windows[::-1], 160, 100))) == sorted(forward)
