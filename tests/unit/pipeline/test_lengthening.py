"""Longer outlines of words whose ends were not found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotter.pipeline.alternative_choice import better_alternatives
from spotter.pipeline.alternatives import Alternative
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.lengthening import (
    MiddleLine,
    ResponseMap,
    lengthen_alternatives,
    propose_lengthenings,
)
from spotter.structures import TextInstance


def quad(x: float, y: float, width: float, height: float) -> np.ndarray:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return np.array(corners, np.float32)


def arc(radius: float, first: float, last: float, height: float) -> np.ndarray:
    """A strip along the upper part of a circle around (200, 200), angles in degrees."""
    angles = np.deg2rad(np.linspace(first, last, 8))
    spokes = np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    outer, inner = (200 + (radius + side * height / 2) * spokes for side in (1, -1))
    return np.concatenate([outer, inner[::-1]]).astype(np.float32)


def test_a_straight_line_goes_straight_on() -> None:
    line = MiddleLine.of(quad(10, 20, 60, 20))
    assert line is not None
    assert (line.length, line.height, line.bend) == (60, 20, 0)
    np.testing.assert_allclose(line.outline(1, 0.5), quad(-10, 20, 90, 20), atol=1e-4)
    assert MiddleLine.of(quad(0, 0, 0, 20)) is None


@pytest.mark.parametrize("upside_down", [False, True])
def test_an_arc_goes_on_along_its_circle(upside_down: bool) -> None:
    strip = arc(100, -30, 30, 24)
    if upside_down:
        # Along the lower side, from the right to the left.
        strip = (400 - strip).astype(np.float32)
    line = MiddleLine.of(strip)
    assert line is not None
    assert line.length == pytest.approx(np.deg2rad(60) * 100, rel=1e-3)
    assert line.bend == pytest.approx(1 / 100, rel=1e-3)
    same = line.outline(0, 0)
    np.testing.assert_allclose(same[[0, 9, 10, 19]], strip[[0, 7, 8, 15]], atol=0.2)
    longer = line.outline(1, 2)
    radii = np.linalg.norm(longer - 200, axis=1)
    np.testing.assert_allclose(radii[:10], 112, atol=0.2)
    np.testing.assert_allclose(radii[10:], 88, atol=0.2)
    again = MiddleLine.of(longer)
    assert again is not None
    assert again.length == pytest.approx(line.length + 3 * 24, rel=0.01)


def test_the_response_is_that_of_the_pixel() -> None:
    probability = np.zeros((4, 6), np.float32)
    probability[2, 3] = 0.5
    response = ResponseMap(probability, (0.5, 0.5))
    places = np.array([[[7, 5], [6, 4.1]], [[5.9, 5], [-1, 40]]])
    np.testing.assert_array_equal(response.at(places), [[0.5, 0.5], [0, 0]])


def shown(text: str, first: int, last: int) -> tuple[np.ndarray, list[tuple[int, int]], np.ndarray]:
    """A picture of a word, the bounds of its letters, and the outline of some of them."""
    image = np.full((80, 400, 3), 240, np.uint8)
    x, bounds = 60, []
    for letter in text:
        (width, _), _ = cv2.getTextSize(letter, cv2.FONT_HERSHEY_SIMPLEX, 1.2, 4)
        cv2.putText(image, letter, (x, 55), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 4)
        bounds.append((x, x + width))
        x += width
    left, right = bounds[first][0] - 2, bounds[last][1] + 2
    return image, bounds, quad(left, 24, right - left, 36)


def everywhere(image: np.ndarray, probability: float) -> ResponseMap:
    return ResponseMap(np.full(image.shape[:2], probability, np.float32), (1.0, 1.0))


def test_a_word_is_lengthened_to_where_its_ink_ends() -> None:
    image, bounds, part = shown("ATHENS", 1, 4)
    found = propose_lengthenings(
        image, [TextInstance(part, detection_score=0.5)], everywhere(image, 0.2)
    )
    assert [each.members for each in found] == [[0]]
    assert found[0].lengthens
    low, high = found[0].words[0].polygon[:, 0].min(), found[0].words[0].polygon[:, 0].max()
    assert bounds[0][0] - 12 < low < bounds[0][0] + 6
    assert bounds[-1][1] - 6 < high < bounds[-1][1] + 12
    # Of much ink, shorter parts are read as well.
    image, bounds, part = shown("ATHENIAN", 2, 4)
    found = propose_lengthenings(
        image, [TextInstance(part, detection_score=0.5)], everywhere(image, 0.2)
    )
    assert len(found) == 2
    lengths = [np.ptp(each.words[0].polygon[:, 0]) for each in found]
    assert lengths == sorted(lengths)


def test_what_ends_where_it_was_found_is_left_alone() -> None:
    image, _, part = shown("ATHENS", 1, 4)
    assert not propose_lengthenings(
        image, [TextInstance(part, detection_score=0.5)], everywhere(image, 0.01)
    )
    image, _, whole = shown("ATHENS", 0, 5)
    assert not propose_lengthenings(
        image, [TextInstance(whole, detection_score=0.5)], everywhere(image, 0.2)
    )


def test_a_curved_word_needs_no_response() -> None:
    image = np.full((300, 400, 3), 240, np.uint8)
    for angle in range(-60, 61, 15):
        turn = cv2.getRotationMatrix2D((200, 200), -angle, 1.0)
        letter = np.full_like(image, 240)
        cv2.putText(letter, "E", (190, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 20), 3)
        image = np.minimum(image, cv2.warpAffine(letter, turn, (400, 300), borderValue=[240] * 3))
    word = TextInstance(arc(100, -38, 38, 34), detection_score=0.5)
    found = propose_lengthenings(image, [word], everywhere(image, 0.0))
    assert found
    radii = np.linalg.norm(found[-1].words[0].polygon - 200, axis=1)
    assert 75 < radii.min() < radii.max() < 125


def test_other_words_are_not_run_over() -> None:
    image, bounds, part = shown("ATHENS", 1, 4)
    other = quad(bounds[5][0], 24, 40, 36)
    words = [TextInstance(part, detection_score=0.5), TextInstance(other)]
    found = propose_lengthenings(image, words, everywhere(image, 0.2))
    (mine,) = [each for each in found if each.members == [0]]
    assert mine.words[0].polygon[:, 0].max() < bounds[5][0] + 9
    assert mine.words[0].polygon[:, 0].min() < bounds[0][0] + 6


def test_alternatives_of_one_word_are_lengthened() -> None:
    image, bounds, part = shown("ATHENS", 1, 4)
    pieces = [TextInstance(piece, detection_score=0.5) for piece in (part[:], part[:])]
    alternative = TextInstance(part, detection_score=0.5)
    proposed = [Alternative([0, 1], [alternative], 0.7), Alternative([0], pieces)]
    [longer] = lengthen_alternatives(image, pieces, proposed, everywhere(image, 0.2))
    # The words that it replaces do not bound it.
    assert (longer.members, longer.covered, longer.lengthens) == ([0, 1], 0.7, False)
    assert longer.words[0].polygon[:, 0].min() < bounds[0][0] + 6
    assert longer.words[0].polygon[:, 0].max() > bounds[5][1] - 6
    other = TextInstance(quad(bounds[5][0], 24, 40, 36))
    [bounded] = lengthen_alternatives(image, [*pieces, other], proposed[:1], everywhere(image, 0.2))
    assert bounded.words[0].polygon[:, 0].max() < bounds[5][0] + 9


@pytest.mark.parametrize(
    ("part", "whole", "better"),
    [
        (("THENS", 0.9), ("ATHENS", 0.9), True),
        (("RMOUTH", 0.4), ("Yarmouth", 0.9), True),
        # The letter at the border may have been seen in part.
        (("UTHENS", 0.7), ("ATHENS", 0.9), False),
        (("UTHENS", 0.7), ("PATHENS", 0.9), True),
        (("THENS", 0.9), ("ATHENS", 0.6), False),
        (("THENS", 0.9), ("BAKERY", 0.9), False),
        (("THENS", 0.9), ("THENS..", 0.9), False),
        (("T", 0.9), ("ATHENS", 0.9), False),
    ],
)
def test_a_longer_outline_says_the_same_and_more(
    part: tuple[str, float], whole: tuple[str, float], better: bool
) -> None:
    outline, longer = quad(0, 0, 100, 30), quad(-30, 0, 130, 30)
    readings = [WordReading(t, [s] * len(t), s, outline=outline) for t, s in (part, whole)]
    alternative = Alternative([0], [TextInstance(longer)], lengthens=True)
    chosen = better_alternatives(
        [TextInstance(outline)], readings[:1], [], [(alternative, readings[1:])]
    )
    assert chosen == ([0] if better else [])


def test_of_two_that_say_the_same_the_tighter_is_taken() -> None:
    outline = quad(0, 0, 100, 30)
    part = WordReading("THENS", [0.9] * 5, 0.9, outline=outline)
    whole = WordReading("ATHENS", [0.9] * 6, 0.9, outline=outline)
    pairs = [
        (Alternative([0], [TextInstance(quad(-far, 0, 100 + far, 30))], lengthens=True), [whole])
        for far in (90, 30, 60)
    ]
    assert better_alternatives([TextInstance(outline)], [part], [], pairs) == [1]


def test_what_still_grows_is_cut_in_the_next_word() -> None:
    outline = quad(0, 0, 100, 30)
    part = WordReading("rest", [0.9] * 4, 0.9, outline=outline)
    pairs = []
    for far, text in ((30, "resta"), (60, "restare"), (90, "restare")):
        longer = TextInstance(quad(0, 0, 100 + far, 30))
        read = WordReading(text, [0.9] * len(text), 0.9, outline=outline)
        pairs.append((Alternative([0], [longer], lengthens=True), [read]))
    words = [TextInstance(outline)]
    assert better_alternatives(words, [part], [], pairs[:1]) == [0]
    assert better_alternatives(words, [part], [], pairs[:2]) == [1]
    assert better_alternatives(words, [part], [], pairs) == [1]
    assert better_alternatives(words, [part], [], [pairs[0], (pairs[1][0], [part])]) == []
