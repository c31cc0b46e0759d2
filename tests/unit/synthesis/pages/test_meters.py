import numpy as np
import pytest

from spotter.synthesis.pages.meters import SEGMENTS, lamp_run, lamps, segment_run

# Middles of the segments a to g in a digit of height 1 and width 0.52 with strokes of 0.14.
MIDDLES = {
    "a": (0.26, 0.07),
    "b": (0.45, 0.285),
    "c": (0.45, 0.715),
    "d": (0.26, 0.93),
    "e": (0.07, 0.715),
    "f": (0.07, 0.285),
    "g": (0.26, 0.5),
}
LIT = {"0": 6, "1": 2, "2": 5, "3": 5, "4": 4, "5": 5, "6": 6, "7": 3, "8": 7, "9": 6}


@pytest.mark.parametrize("digit", LIT)
def test_digits_light_their_segments(digit):
    assert len(SEGMENTS[digit]) == LIT[digit]
    # Between two eights every digit stands in the middle cell, whatever its own ink.
    run = segment_run(f"8{digit}8", 200)
    for name, (x, y) in MIDDLES.items():
        left = run.words[0].characters[0][0, 0]
        column, row = int((x + 0.72) * 200 - 0.02 * 200 + left), int(y * 200)
        column = min(max(column, 0), run.shape[1] - 1)
        window = run.ink[max(0, row - 4) : row + 4, column - 4 : column + 5]
        assert (window.max() > 128) == (name in SEGMENTS[digit]), name


def test_points_and_colons_belong_to_the_word():
    run = segment_run("12:45 -3.5", 100)
    assert [word.text for word in run.words] == ["12:45", "-3.5"]
    assert [len(word.characters) for word in run.words] == [5, 4]
    point = run.words[1].characters[2]
    assert point[:, 1].min() > 80
    assert np.ptp(point[:, 0]) == pytest.approx(14, abs=1)


def test_segments_that_are_off_show_faintly():
    run = segment_run("1", 100, ghost=0.1)
    assert run.ghost.max() == 25
    assert segment_run("1", 100).ghost is None


def test_lamps_form_letters():
    drawn = ["".join("#" if lamp else "." for lamp in row) for row in lamps("E")]
    assert drawn == ["#####", "#....", "#....", "####.", "#....", "#....", "#####"]


def test_a_line_of_lamps():
    run = lamp_run("GO 12:45", 6, share=0.8)
    assert [word.text for word in run.words] == ["GO", "12:45"]
    assert run.shape[0] == 42
    assert run.capital == 42
    for word in run.words:
        for quad in word.characters:
            (x0, y0), (x1, y1) = quad[0].astype(int), np.ceil(quad[2]).astype(int)
            assert run.ink[y0:y1, x0:x1].max() > 200
    # Lamps are apart: the row between two rows of them stays dark.
    assert run.ink[[6 * row for row in range(1, 7)]].max() < 200
