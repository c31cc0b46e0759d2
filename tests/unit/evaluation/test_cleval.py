from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.errors import ConfigError
from spotter.evaluation import CLEvalSettings, evaluate_cleval
from spotter.evaluation.protocols.cleval_characters import Quads, Strips
from spotter.evaluation.protocols.cleval_matching import longest_common_subsequence
from spotter.registry import METRICS
from spotter.structures import TextDetSample, TextInstance
from tests.unit.evaluation.shapes import box, strip

PINNED = json.loads((Path(__file__).parent / "cleval_package.json").read_text(encoding="utf-8"))
# Centres of its characters: x = 10, 30, 50, 70, 90; y = 10.
WORD = box(0, 0, 100, 20, text="abcde")


def bar(x0, x1, text="", **fields):
    return box(x0, 0, x1, 20, text=text, **fields)


def scored(truth, found, **rules):
    return evaluate_cleval([found], [truth], CLEvalSettings(**rules))


def rates(scores):
    """(recall, precision)."""
    return pytest.approx((scores.recall, scores.precision))


def read(truth, found, **rules):
    """(recall, precision) of end-to-end reading."""
    return rates(scored(truth, found, end_to_end=True, **rules).end_to_end)


def test_characters_in_a_detection_are_found():
    scores = scored([WORD], [bar(0, 60)])
    assert rates(scores) == (3 / 5, 1)
    assert scores.hmean == pytest.approx(0.75)
    assert (scores.detection.correct, scores.detection.ground_truths) == (3, 5)


def test_a_split_costs_a_character():
    scores = scored([WORD], [bar(0, 60), bar(60, 100)])
    assert rates(scores) == ((5 - 1) / 5, 1)
    assert (scores.splits, scores.merges, scores.overlapped) == (1, 0, 0)
    assert rates(scored([WORD], [bar(0, 60), bar(60, 100)], recall_penalty=0.5)) == (0.9, 1)


def test_a_character_found_twice_counts_once():
    scores = scored([WORD], [bar(0, 60), bar(40, 100)])
    # The middle one is claimed by both: six characters detected, five of them right.
    assert rates(scores) == (4 / 5, 5 / 6)
    assert scores.overlapped == 1


def test_a_merge_costs_a_character():
    truth = [bar(0, 40, "ab"), bar(60, 120, "cde")]
    scores = scored(truth, [bar(0, 120)])
    assert rates(scores) == (1, (5 - 1) / 5)
    assert (scores.splits, scores.merges) == (0, 1)
    assert rates(scored(truth, [bar(0, 120)], precision_penalty=2.0)) == (1, 3 / 5)


def test_penalties_do_not_go_below_nothing():
    assert rates(scored([bar(0, 100, "ab")], [bar(0, 50), bar(50, 100)], recall_penalty=5)) == (
        0,
        1,
    )


def test_enough_of_a_detection_must_lie_in_the_word():
    # 20 of 66 rows are above 0.3, 20 of 67 are not. The wide box then invents one character.
    assert rates(scored([WORD], [box(0, 0, 100, 66)])) == (1, 1)
    scores = scored([WORD], [box(0, 0, 100, 67)])
    assert rates(scores) == (0, 0)
    assert (scores.detection.detected, scores.detection.false_positives) == (1, 1)
    assert rates(scored([WORD], [box(0, 0, 100, 40)], area_precision=0.6)) == (0, 0)


def test_words_of_a_merge_are_enough_together():
    truth, found = [bar(0, 40, "ab"), bar(60, 100, "cd")], [box(0, 0, 100, 40)]
    # Each is 0.2 of the detection.
    assert rates(scored(truth, found)) == (1, 3 / 4)
    assert rates(scored(truth[:1], found)) == (0, 0)


def test_a_detection_without_characters_is_no_match():
    # It lies in the word, between two centres.
    assert rates(scored([WORD], [bar(12, 28)])) == (0, 0)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Height by width plus a half, rounded.
        (box(0, 0, 90, 20), 1),
        (box(0, 0, 20, 20), 1),
        (box(0, 0, 20, 22), 2),
        (box(0, 0, 20, 50), 3),
        (box(0, 0, 20, 60), 3),
        (box(0, 0, 20, 62), 4),
        (box(0, 0, 20, 900), 10),
    ],
)
def test_false_characters_of_unmatched_detections(found, expected):
    scores = scored([], [found], outlines="quads")
    assert scores.detection.false_positives == expected
    assert scored([], [found], outlines="polygons").detection.false_positives == 1
    assert rates(scores) == (0, 0)


def test_dont_care_words_leave_out_detections():
    truth = [WORD, bar(200, 300, "###"), bar(400, 500, ignore=True)]
    # 30 of 100 columns are enough, 29 are not.
    assert rates(scored(truth, [WORD, bar(270, 370)])) == (1, 1)
    assert rates(scored(truth, [WORD, bar(271, 371)])) == (1, 5 / 6)


def test_dont_care_words_add_up_where_their_characters_are():
    truth = [WORD, bar(200, 220, ignore=True), bar(280, 300, ignore=True)]
    # 0.2 of the detection in each of two squares, which stand for two characters.
    assert rates(scored(truth, [WORD, bar(200, 300)])) == (1, 1)
    # Its corner in the second one holds none of them.
    truth[2] = bar(288, 388, ignore=True)
    assert rates(scored(truth, [WORD, bar(200, 290)])) == (1, 5 / 6)


def test_dont_care_words_yield_to_words():
    truth = [bar(0, 200, ignore=True), WORD]
    assert rates(scored(truth, [WORD])) == (1, 1)
    assert rates(scored([truth[0], bar(0, 100, ignore=True)], [WORD])) == (0, 0)


def test_a_dont_care_word_keeps_a_pair_from_being_the_only_one():
    # A square word of two characters beside a don't-care square, which has two as well. The
    # detection has exactly 0.3 of itself in each: it is left out for the second one.
    truth = [bar(0, 30, "ab"), bar(70, 100, ignore=True)]
    assert rates(scored(truth, [bar(0, 100)])) == (0, 0)
    # Of a second detection 0.29 lies in the don't-care word: both are counted and match.
    found = [bar(0, 15), bar(14, 29)]
    assert rates(scored(truth, found)) == (1 / 2, 1)


def test_words_without_text_have_as_many_characters_as_their_shape_says():
    # 100 x 20 and a half: five or six, to even; with the tiny constants below it is five.
    unknown = box(0, 0, 100, 20)
    assert scored([unknown], [unknown]).detection.ground_truths == 5
    assert rates(scored([unknown], [unknown])) == (1, 1)
    # Nobody knows what to read there.
    scores = scored([unknown, bar(200, 300, "abcde")], [WORD], end_to_end=True)
    assert (scores.words, scores.detections) == (1, 0)


def test_vertical_words():
    tall = box(0, 0, 20, 100, text="abcde")
    assert rates(scored([tall], [box(0, 0, 20, 60)])) == (3 / 5, 1)
    # Not vertical by a lower threshold: the centres are spread over the width, at half height.
    assert rates(scored([tall], [box(0, 0, 20, 60)], vertical_aspect_ratio=0.1)) == (1, 1)
    assert rates(scored([tall], [box(0, 0, 20, 40)], vertical_aspect_ratio=0.1)) == (0, 0)


def test_quads_are_cut_to_whole_pixels():
    # 10.9 becomes 10, and the point on the right outline is outside, that on the left inside.
    word = bar(0, 20, "a")
    assert rates(scored([word], [bar(0, 10.9)])) == (0, 0)
    assert rates(scored([word], [bar(10.9, 20)])) == (1, 1)
    assert rates(scored([word], [bar(0, 10.9)], outlines="polygons")) == (1, 1)


def test_points_in_quads_follow_the_crossing_number():
    tilted = np.array([[0, 0], [10, -10], [20, 0], [10, 10]], float)
    points = np.array([[10, 0], [10, 10], [10, -10], [0, 0], [20, 0], [4, 4], [4, 5], [10, 9.9]])
    inside = Quads([tilted]).contain(np.zeros(len(points), int), points)
    assert inside.tolist() == [True, False, False, True, False, True, False, True]


def test_centres_of_quads():
    quads = Quads([np.array([[0, 0], [40, 10], [40, 30], [0, 20]]), box(0, 0, 10, 90).polygon])
    np.testing.assert_allclose(
        quads.centres(np.array([2, 3])), [[10, 12.5], [30, 17.5], [5, 75], [5, 45], [5, 15]]
    )
    # Longer by a vertex: the smallest rectangle around it takes its place.
    five = np.array([[0, 0], [50, 0], [100, 0], [100, 20], [0, 20]])
    np.testing.assert_allclose(Quads([five]).corners[0], box(0, 0, 100, 20).polygon, atol=1e-4)


def test_centres_of_curved_words():
    # Two sections; three characters meet at 2/3 of the first and 1/3 of the second.
    bent = strip([[0, 0], [30, 12], [60, 0]], height=10)
    centres = Strips([bent.polygon]).centres(np.array([3]))
    np.testing.assert_allclose(centres, [[10, 4 + 5], [30, 8 + 5], [50, 4 + 5]])
    # Cuts between vertices are whole pixels: 50 / 3 becomes 16.
    straight = strip([[0, 0], [50, 0]], height=9)
    np.testing.assert_allclose(
        Strips([straight.polygon]).centres(np.array([3]))[:, 0], [16 / 2, (16 + 33) / 2, 83 / 2]
    )
    # Five vertices: two above, three below, of which the last one closes the word.
    odd = np.array([[0, 0], [40, 0], [44, 10], [20, 10], [0, 10]], float)
    np.testing.assert_allclose(Strips([odd]).centres(np.array([1])), [[(0 + 40 + 0 + 44) / 4, 5]])


def test_curved_words():
    columns = [[0, 0], [20, 15], [40, 20], [60, 15], [80, 0]]
    truth = [strip(columns, text="abcd")]
    assert rates(scored(truth, [strip(columns)])) == (1, 1)
    assert rates(scored(truth, [strip(columns[:4])])) == (3 / 4, 1)
    scores = scored(truth, [strip(columns[:3]), strip(columns[2:])])
    assert rates(scores) == (3 / 4, 1)
    assert scores.splits == 1
    # The triangle has a fourth corner at (0, 10) and is a word like any other.
    triangle = TextInstance(np.array([[0, 0], [30, 0], [30, 10]], np.float32), text="ab")
    assert rates(scored([*truth, triangle], [triangle])) == (2 / 6, 1)


def test_nothing_found_and_nothing_to_find():
    assert rates(scored([WORD], [])) == (0, 0)
    assert rates(scored([], [])) == (0, 0)
    assert read([WORD], []) == (0, 0)
    assert read([], [WORD]) == (0, 0)


@pytest.mark.parametrize("outlines", ["quads", "polygons"])
def test_words_without_area(outlines):
    line, point = bar(0, 100, "abc"), bar(0, 100, "a")
    line.polygon[:, 1] = 200
    point.polygon = point.polygon[:1] + 300
    scores = scored([WORD, line, point], [WORD, line, point], outlines=outlines)
    assert scores.detection.correct == 5
    assert scores.detection.ground_truths == 9


def test_reading():
    assert read([WORD], [bar(0, 100, "abcde")]) == (1, 1)
    # One wrong character, one missing, one too many.
    assert read([WORD], [bar(0, 100, "abXde")]) == (4 / 5, 4 / 5)
    assert read([WORD], [bar(0, 100, "acde")]) == (4 / 5, 1)
    assert read([WORD], [bar(0, 100, "abcdef")]) == (1, 5 / 6)
    assert read([WORD], [bar(0, 100, "ABcde")]) == (3 / 5, 3 / 5)
    assert read([WORD], [bar(0, 100, "ABcde")], case_sensitive=False) == (1, 1)
    assert read([WORD], [box(0, 0, 100, 20)]) == (0, 0)
    # What is read elsewhere is wrong.
    assert read([WORD], [bar(0, 100, "abcde"), bar(200, 250, "xyz")]) == (1, 5 / 8)


def test_parts_are_read_in_reading_order():
    found = [bar(60, 100, "de"), bar(0, 60, "abc")]
    assert read([WORD], found) == (4 / 5, 1)
    # Both in the wrong part: the longest common subsequence is abc.
    assert read([WORD], [bar(60, 100, "abc"), bar(0, 60, "de")]) == ((3 - 1) / 5, 3 / 5)


def test_words_of_a_merge_share_a_reading():
    truth = [bar(0, 40, "ab"), bar(60, 120, "cde")]
    assert read(truth, [bar(0, 120, "abcde")]) == (1, 4 / 5)
    # What the first word has taken, the second cannot take again.
    truth = [bar(0, 40, "ab"), bar(60, 100, "ab")]
    scores = scored(truth, [bar(0, 100, "ab")], end_to_end=True)
    assert scores.end_to_end.correct == 2
    assert rates(scores.end_to_end) == (2 / 4, 1 / 2)


def test_longest_common_subsequence():
    assert longest_common_subsequence("hotel", "hostel") == "hotel"
    assert longest_common_subsequence("", "a") == ""
    # Of two as long, the package's.
    assert longest_common_subsequence("ab", "ba") == "b"


@settings(max_examples=100, deadline=None)
@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_longest_common_subsequence_is_one(first, second):
    common = longest_common_subsequence(first, second)
    for text in (first, second):
        rest = iter(text)
        assert all(character in rest for character in common)
    insertions = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            best = insertions[i][j] + 1 if one == other else 0
            insertions[i + 1][j + 1] = max(best, insertions[i][j + 1], insertions[i + 1][j])
    assert len(common) == insertions[-1][-1]


def test_scales():
    # Heights 20 and 50 of a longer side of 1000: 0.02 and 0.05.
    truth = [WORD, box(0, 100, 200, 150, text="large")]
    found = [bar(0, 60), truth[1]]
    rules = CLEvalSettings(scale_bins=(0.0, 0.02, 0.04, 1.0))
    scores = evaluate_cleval({"a": found}, {"a": truth}, rules, {"a": (500, 1000)})
    assert rates(scores) == (8 / 10, 1)
    assert list(scores.scales) == [(0.0, 0.02), (0.02, 0.04), (0.04, 1.0)]
    low, middle, high = scores.scales.values()
    # A word at a limit is in both bins, as in the package; words of other sizes are don't-care.
    assert (low.recall, low.words, low.detections) == (3 / 5, 1, 1)
    assert (middle.recall, middle.words) == (3 / 5, 1)
    assert (high.recall, high.words, high.detections) == (1, 1, 1)
    numbers = scores.to_dict()
    assert numbers["scale_0.02_0.04_recall"] == 3 / 5
    assert numbers["recall"] == 8 / 10


def test_bad_settings():
    with pytest.raises(ConfigError, match="sizes of the images"):
        scored([], [], scale_bins=(0, 1))
    with pytest.raises(ConfigError, match="2 image sizes for 1 images"):
        evaluate_cleval([[]], [[]], None, [(1, 1), (1, 1)])
    with pytest.raises(ConfigError, match="no image size for 'b'"):
        evaluate_cleval({}, {"b": []}, None, {"a": (1, 1)})
    with pytest.raises(ConfigError, match="quads or polygons, got 'boxes'"):
        scored([], [], outlines="boxes")
    with pytest.raises(ConfigError, match="ap; known are end_to_end, outlines"):
        evaluate_cleval([], [], {"ap": 0.5})


def test_metric_with_reading_and_scales():
    settings = {"end_to_end": True, "scale_bins": (0.0, 0.1, 1.0)}
    metric = METRICS.build({"type": "DetectionScore", "protocol": "cleval", "settings": settings})
    large = TextInstance(WORD.polygon * 2, text="abcde")
    sample = TextDetSample(
        [large], {}, [bar(0, 60, "abc")], original_shape=(100, 400), scale=(2.0, 2.0)
    )
    metric.process(None, [sample])
    scores = metric.evaluate(1)
    assert scores["detection/recall"] == scores["detection/end_to_end_recall"] == 3 / 5
    assert scores["detection/scale_0_0.1_recall"] == 3 / 5
    assert scores["detection/scale_0.1_1_words"] == 0


@pytest.mark.parametrize("case", PINNED["cases"])
def test_numbers_computed_with_the_package(case):
    rules = CLEvalSettings(end_to_end=True, outlines=case["outlines"], **case["settings"])
    truths, found = case["ground_truths"], case["predictions"]
    sizes = [case["image_size"]] * len(truths) if "image_size" in case else None
    scores = evaluate_cleval(found, truths, rules, sizes)
    expected = case["expected"]
    if "scales" in expected:
        for numbers, bin_scores in zip(expected["scales"], scores.scales.values(), strict=True):
            for prefix, part in (("det", bin_scores), ("e2e", bin_scores.end_to_end)):
                for letter, name in (("r", "recall"), ("p", "precision"), ("h", "hmean")):
                    # torchmetrics keeps float32.
                    assert getattr(part, name) == pytest.approx(
                        numbers[f"{prefix}_{letter}"], abs=1e-6
                    )
        return
    assert scores.detection.to_dict() == pytest.approx(expected["detection"], abs=1e-9)
    assert scores.end_to_end.to_dict() == pytest.approx(expected["end_to_end"], abs=1e-9)
    for name in ("splits", "merges", "overlapped"):
        assert getattr(scores, name) == expected[name]
