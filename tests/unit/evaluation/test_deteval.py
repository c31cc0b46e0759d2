from __future__ import annotations

from dataclasses import replace

import pytest

from spotter.errors import ConfigError
from spotter.evaluation import DETEVAL_SETTINGS, evaluate_deteval
from spotter.registry import METRICS
from spotter.structures import TextDetSample
from tests.unit.evaluation.shapes import box, strip

POLYGONS = DETEVAL_SETTINGS["polygons"]


def scored(truth, found, settings="polygons"):
    """(recall, precision) of one image."""
    scores = evaluate_deteval([found], [truth], settings)
    return pytest.approx((scores.recall, scores.precision))


def bar(x0, x1, **fields):
    return box(x0, 0, x1, 10, **fields)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (bar(0, 90), 1),
        # Area recall 0.8 and area precision 0.4 are enough, a little less is not.
        (bar(0, 80), 1),
        (bar(0, 79), 0),
        (bar(0, 250), 1),
        (bar(0, 251), 0),
    ],
)
def test_one_to_one(found, expected):
    assert scored([bar(0, 100)], [found]) == (expected, expected)


def test_split_word():
    scores = evaluate_deteval([[bar(0, 40), bar(40, 100)]], [[bar(0, 100)]], "polygons")
    # 0.8 for the word; 2 x 0.8 of two detections.
    assert (scores.recall, scores.precision) == pytest.approx((0.8, 0.8))
    assert (scores.one_to_one, scores.one_to_many, scores.many_to_one) == (0, 1, 0)


def test_split_needs_enough_of_the_word():
    assert scored([bar(0, 100)], [bar(0, 40), bar(60, 99)]) == (0, 0)


def test_a_further_part_makes_a_split_of_a_good_detection():
    assert scored([bar(0, 100)], [bar(0, 85), bar(85, 100)]) == (0.8, 0.8)


def test_a_detection_that_only_grazes_the_word_does_not():
    # The second detection has 1/10 of itself in the word: no part, but it forbids one-to-one.
    scores = evaluate_deteval([[bar(0, 100), bar(90, 190)]], [[bar(0, 100)]], "polygons")
    assert (scores.recall, scores.precision) == (1.0, 0.5)
    assert (scores.one_to_one, scores.one_to_many) == (1, 0)


def test_merged_words():
    truth = [bar(0, 40), bar(60, 100)]
    scores = evaluate_deteval([[bar(0, 100)]], [truth], "polygons")
    assert (scores.recall, scores.precision) == (1.0, 1.0)
    assert (scores.one_to_one, scores.one_to_many, scores.many_to_one) == (0, 0, 1)
    # Total-Text takes 0.8 for merges, too.
    assert scored(truth, [bar(0, 100)], "totaltext") == (0.8, 0.8)
    # Together the words must fill 0.4 of the detection.
    assert scored([bar(0, 19), bar(60, 79)], [bar(0, 100)]) == (0, 0)


def test_a_merge_of_which_one_word_is_left_is_one_to_one():
    truth = [bar(0, 50), bar(50, 100)]
    # The second word is covered by less than 0.8 of its area.
    scores = evaluate_deteval([[bar(0, 80)]], [truth], "polygons")
    assert (scores.recall, scores.precision) == (0.5, 1.0)
    assert (scores.one_to_one, scores.many_to_one) == (1, 0)


def test_a_matched_detection_is_not_matched_again():
    # Both detections are parts of the first word, and the second one also holds the other word.
    truth = [bar(0, 60), bar(60, 70)]
    found = [bar(0, 30), bar(30, 70)]
    # 0.5 + 0.5 of the first word, of detections with 1.0 and 0.75 of themselves in it.
    scores = evaluate_deteval([found], [truth], "polygons")
    assert (scores.recall, scores.precision) == pytest.approx((0.4, 0.8))


def test_distance_of_centres():
    # Centres 20 and 50; diagonals sqrt(40^2 + 10^2) and sqrt(100^2 + 10^2), 70.87 in the mean:
    # 30 / 70.87 = 0.4233.
    truth, found = [bar(0, 40)], [bar(0, 100)]
    assert scored(truth, found, replace(POLYGONS, centre_distance=0.424)) == (1, 1)
    assert scored(truth, found, replace(POLYGONS, centre_distance=0.423)) == (0, 0)


def test_rectangles_of_icdar2013_include_their_last_pixel():
    # 80 of 100 columns by the script's count, 79 / 99 = 0.798 as areas.
    truth, found = [box(0, 0, 99, 9)], [box(0, 0, 79, 9)]
    assert scored(truth, found, "icdar2013") == (1, 1)
    assert scored(truth, found, "polygons") == (0, 0)


def test_icdar2013_compares_bounding_boxes():
    # The diamond covers half of its box.
    diamond = box(0, 0, 0, 0)
    diamond.polygon[:] = [[50, 0], [99, 50], [50, 99], [0, 50]]
    assert scored([box(0, 0, 99, 99)], [diamond], "icdar2013") == (1, 1)
    assert scored([box(0, 0, 99, 99)], [diamond], "polygons") == (0, 0)


def test_dont_care_leaves_out_detections():
    truth = [bar(0, 100), bar(200, 300, ignore=True), bar(400, 500, text="###")]
    found = [bar(0, 100), bar(240, 400)]
    # 60 of 160 columns are 0.375: this one counts, and is wrong.
    assert scored(truth, found) == (1, 0.5)
    # 80 of 160 columns are above 0.4, but not above Total-Text's 0.5.
    assert scored(truth, [bar(0, 100), bar(220, 380)]) == (1, 1)
    assert scored(truth, [bar(0, 100), bar(220, 380)], "totaltext") == (1, 0.5)


def test_a_dont_care_word_is_a_rival_in_icdar2013():
    truth, found = [bar(0, 60), bar(60, 100, ignore=True)], [bar(0, 100)]
    # 0.4 of the detection is don't-care, which is not above 0.4, but makes a second candidate.
    assert scored(truth, found) == (0, 0)
    assert scored(truth, [bar(0, 99)]) == (1, 1)


def test_total_text_rounds_shares():
    # One-to-one must exceed 0.7, after rounding to two decimals.
    assert scored([bar(0, 1000)], [bar(0, 704)], "totaltext") == (0, 0)
    assert scored([bar(0, 1000)], [bar(0, 706)], "totaltext") == (1, 1)


def test_total_text_finds_a_word_by_two_detections():
    truth, found = [bar(100, 200)], [bar(0, 300), bar(100, 150)]
    # The first covers the word, the second lies in it: the script takes that for one match.
    assert scored(truth, found, "totaltext") == (1, 0.5)
    assert scored(truth, found) == (0, 0)


def test_total_text_merges_words_that_are_covered_by_six_tenths():
    truth = [bar(0, 100), bar(120, 220)]
    assert scored(truth, [bar(35, 185)], "totaltext") == (0.8, 0.8)
    assert scored(truth, [bar(35, 185)]) == (0, 0)
    # But a word that is left alone must be covered by 0.7: here 0.66 and 0.1.
    assert scored(truth, [bar(34, 130)], "totaltext") == (0, 0)


def test_precision_of_total_text_stays_a_rate():
    assert scored([bar(0, 100), bar(0, 99)], [bar(0, 100)], "totaltext") == (1, 1)


def test_nothing_found_and_nothing_to_find():
    assert scored([bar(0, 100)], []) == (0, 0)
    assert scored([], [bar(0, 100)]) == (0, 0)
    assert scored([], []) == (0, 0)
    assert evaluate_deteval([], []).images == 0


def test_counts_are_pooled_over_images():
    truths = [[bar(0, 100)], [bar(0, 100), bar(200, 300)]]
    found = [[bar(0, 50), bar(50, 100)], [bar(0, 100)]]
    scores = evaluate_deteval(found, truths, "polygons")
    assert scores.recall == pytest.approx(1.8 / 3)
    assert scores.precision == pytest.approx(2.6 / 3)
    assert scores.hmean == pytest.approx(2 * 0.6 * (2.6 / 3) / (0.6 + 2.6 / 3))
    assert (scores.images, scores.detections, scores.ground_truths) == (2, 3, 3)


def test_curved_words():
    columns = [[0, 0], [20, 15], [40, 20], [60, 15], [80, 0]]
    truth = [strip(columns)]
    assert scored(truth, [strip(columns)], "totaltext") == (1, 1)
    # Two halves of two sections each.
    assert scored(truth, [strip(columns[:3]), strip(columns[2:])], "totaltext") == (0.8, 0.8)
    # Three of four sections: 0.75.
    assert scored(truth, [strip(columns[:4])], "totaltext") == (1, 1)
    assert scored(truth, [strip(columns[:4])], "polygons") == (0, 0)
    # The bounding box holds the strip, which is 80 x 10 of 80 x 30.
    assert scored(truth, [box(0, 0, 80, 30)], "polygons") == (0, 0)


def test_detections_without_area():
    line, point = bar(0, 100), bar(5, 5)
    line.polygon[:, 1] = 5
    point.polygon = point.polygon[:1]
    assert scored([bar(0, 100)], [line, point, bar(0, 100)]) == (1, 1 / 3)
    crossed = box(0, 0, 10, 10)
    crossed.polygon = crossed.polygon[[0, 2, 1, 3]]
    # The two triangles of a bow tie are half of the box.
    assert scored([box(0, 0, 10, 10)], [crossed]) == (0, 0)


def test_unknown_settings():
    with pytest.raises(ConfigError, match="icdar2013, polygons, totaltext"):
        evaluate_deteval([], [], "icdar2003")
    with pytest.raises(ConfigError, match="recal; known are recall"):
        evaluate_deteval([], [], overrides={"recal": 0.5})


def test_metric():
    metric = METRICS.build(
        {"type": "DetectionScore", "protocol": "deteval", "overrides": {"one_to_many": 0.5}}
    )
    # The photo went in at twice its width and height.
    sample = TextDetSample([box(0, 0, 200, 20)], {}, [bar(0, 40), bar(40, 100)], scale=(2.0, 2.0))
    metric.process(None, [sample])
    assert metric.evaluate(1)["detection/recall"] == 0.5
