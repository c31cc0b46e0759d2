"""Lines, paragraphs and reading order of layouts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.geometry import group_lines, group_paragraphs, reading_order
from spotter.structures import SpottingResult, TextInstance


def turned(polygons: list[np.ndarray], degrees: float) -> list[np.ndarray]:
    """Polygons turned clockwise on screen about (200, 200), each with its first corner first."""
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [((p - 200) @ matrix.T + 200).astype(np.float32) for p in polygons]


def box(x: float, y: float, width: float, height: float = 10.0) -> np.ndarray:
    corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return np.array(corners, np.float32)


def rows(x: float, y: float, widths: list[list[float]], pitch: float = 15.0) -> list[np.ndarray]:
    """Rows of words with spaces of 4 pixels."""
    words = []
    for row in widths:
        left = x
        for width in row:
            words.append(box(left, y, width))
            left += width + 4
        y += pitch
    return words


COLUMN = [[30, 20, 28], [22, 40], [35, 12, 25], [18, 18]]
ROTATIONS = [0, 30, 45, 90, 135, 180, 270, -60]


@pytest.mark.parametrize("degrees", ROTATIONS)
def test_a_paragraph_in_any_direction(degrees: float) -> None:
    words = turned(rows(50, 50, COLUMN), degrees)
    expected = [[0, 1, 2], [3, 4], [5, 6, 7], [8, 9]]
    assert group_paragraphs(words, degrees) == [expected]


@pytest.mark.parametrize("degrees", ROTATIONS)
def test_columns_are_not_joined_across_the_gutter(degrees: float) -> None:
    # The gutter of 24 pixels is twice the height of a word; rows of both columns are level.
    words = rows(50, 50, COLUMN) + rows(160, 50, COLUMN)
    title = box(80, 10, 150, 16)
    paragraphs = group_paragraphs(turned([*words, title], degrees), degrees)
    left = [[0, 1, 2], [3, 4], [5, 6, 7], [8, 9]]
    assert paragraphs == [[[20]], left, [[i + 10 for i in line] for line in left]]


@pytest.mark.parametrize("degrees", [0, 30, 90, 180])
def test_rows_of_a_table_are_lines(degrees: float) -> None:
    items = rows(50, 50, [[40], [30, 20], [55]], pitch=30)
    prices = [box(250, 50 + 30 * i, 25) for i in range(3)]
    lines = group_lines(turned(items + prices, degrees), degrees)
    assert lines == [[0, 4], [1, 2, 5], [3, 6]]


def test_two_signs_side_by_side_stay_apart() -> None:
    # The right one is twice as large, and its lines lie between those of the left one.
    left = rows(20, 40, [[40, 30], [50]])
    right = [box(140, 20, 90, 30), box(150, 60, 70, 30)]
    paragraphs = group_paragraphs(left + right, 0)
    assert sorted(map(sorted, paragraphs)) == [[[0, 1], [2]], [[3], [4]]]


def test_distance_and_height_part_paragraphs() -> None:
    first, second = rows(20, 20, [[30, 30], [40]]), rows(20, 80, [[30], [35, 10]])
    heading = box(20, 118, 120, 24)
    assert group_paragraphs([*first, *second, heading], 0) == [
        [[0, 1], [2]],
        [[3], [4, 5]],
        [[6]],
    ]


def test_words_across_the_direction_have_lines_of_their_own() -> None:
    words = rows(50, 50, COLUMN)
    # Runs upwards along the left side of the paragraph.
    spine = np.array([[30, 110], [30, 50], [40, 50], [40, 110]], np.float32)
    lines = group_lines([*words, spine], 0)
    assert [10] in lines
    assert [0, 1, 2] in lines


def test_short_words_take_the_direction_of_the_photo() -> None:
    # A square box ordered as if the photo were upright, in a photo turned by a quarter.
    words = turned([box(50, 50, 40), box(94, 50, 11), box(109, 50, 40)], 90)
    words[1] = np.roll(words[1], 1, axis=0)
    assert group_lines(words, 90) == [[0, 1, 2]]


def test_nothing() -> None:
    assert group_paragraphs([], 0) == []
    assert reading_order([]) == []


def test_a_result_tells_its_lines_and_its_text() -> None:
    texts = ["Open", "daily", "from", "9:00", "Keep", "shut"]
    outlines = rows(20, 20, [[40, 40], [40, 40]]) + rows(20, 100, [[40, 40]])
    for degrees in (0, 180, 90):
        moved = turned(outlines, degrees)
        words = [TextInstance(p, text) for p, text in zip(moved, texts, strict=True)]
        result = SpottingResult("x", instances=words, orientation=degrees)
        assert result.text == "Open daily\nfrom 9:00\n\nKeep shut"
        assert [len(paragraph.lines) for paragraph in result.paragraphs] == [2, 1]
        first = result.lines[0]
        np.testing.assert_allclose(first.polygon, turned([box(20, 20, 84)], degrees)[0], atol=1e-3)
    assert SpottingResult("x").text == ""


def test_a_result_is_the_words_that_it_holds() -> None:
    words = [TextInstance(np.zeros((4, 2), np.float32), text=text) for text in ("one", "two")]
    result = SpottingResult("x", instances=words)
    assert [word.text for word in result] == ["one", "two"]
    assert result.words is result.instances
    assert len(result) == 2
    # A photo without words is a result, too.
    assert SpottingResult("x")
