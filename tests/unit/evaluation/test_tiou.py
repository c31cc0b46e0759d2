from __future__ import annotations

import pytest
from hypothesis import given, settings

from spotter.evaluation import evaluate_detection, evaluate_tiou
from spotter.registry import METRICS
from spotter.structures import TextDetSample
from tests.unit.evaluation.shapes import box, random_words, strip


def bar(x0, x1, **fields):
    return box(x0, 0, x1, 10, **fields)


def scored(truth, found, **options):
    """(recall, precision) of one image."""
    scores = evaluate_tiou([found], [truth], **options)
    return pytest.approx((scores.recall, scores.precision))


def test_cut_text_costs_recall():
    # IoU 0.8; a fifth of the word is lost.
    scores = evaluate_tiou([[bar(0, 80)]], [[bar(0, 100)]])
    assert scores.recall == pytest.approx(0.8 * 0.8)
    assert scores.precision == pytest.approx(0.8)
    assert scores.hmean == pytest.approx(2 * 0.64 * 0.8 / 1.44)
    assert (scores.iou_recall, scores.iou_precision) == pytest.approx((0.8, 0.8))
    assert (scores.cut, scores.foreign) == (1, 0)


def test_background_costs_only_iou():
    assert scored([bar(0, 100)], [bar(0, 125)]) == (0.8, 0.8)


def test_foreign_text_costs_precision():
    # A fifth of the detection lies on the other word, which it does not match.
    truth = [bar(0, 100), bar(100, 125)]
    scores = evaluate_tiou([[bar(0, 125)]], [truth])
    assert (scores.recall, scores.precision) == pytest.approx((0.8 / 2, 0.8 * 0.8))
    assert (scores.cut, scores.foreign) == (0, 1)
    assert scored(truth, [bar(0, 100)]) == (1 / 2, 1)


def test_foreign_text_counts_once_and_outside_of_the_own_word():
    # The others share 110-115 with each other, and 90-100 with the word itself.
    truth = [bar(0, 100), bar(90, 115), bar(110, 125)]
    assert scored(truth, [bar(0, 125)]) == (0.8 / 3, 0.8 * 0.8)


def test_ignored_text_is_foreign_unless_asked():
    truth = [bar(0, 100), bar(100, 125, ignore=True)]
    assert scored(truth, [bar(0, 125)]) == (0.8, 0.64)
    assert scored(truth, [bar(0, 125)], foreign_ignored=False) == (0.8, 0.8)


def test_one_percent_is_forgiven():
    assert scored([bar(0, 200)], [bar(0, 198)]) == (0.99, 0.99)
    assert scored([bar(0, 200)], [bar(0, 196)]) == (0.98 * 0.98, 0.98)
    truth = [bar(0, 198), bar(198, 300)]
    assert scored(truth, [bar(0, 200)]) == (0.99 / 2, 0.99)


def test_dont_care_rule_and_threshold_are_those_of_iou():
    truth = [bar(0, 100), bar(200, 300, text="###")]
    scores = evaluate_tiou([[bar(0, 51), bar(200, 250), bar(250, 400)]], [truth])
    assert (scores.matched, scores.detections, scores.ground_truths) == (1, 2, 1)
    assert scored([bar(0, 100)], [bar(0, 50)]) == (0, 0)
    # IoU 0.4 matches at a lower threshold.
    assert scored([bar(0, 100)], [bar(0, 40)], iou_threshold=0.3) == (0.16, 0.4)


def test_curved_words():
    # Sections of equal area: the detection has three of the word's four.
    columns = [[0, 0], [20, 15], [40, 20], [60, 15], [80, 0], [100, -20]]
    assert scored([strip(columns[:5])], [strip(columns[:4])]) == (0.75**2, 0.75)
    # Five sections, the last of which is another word's: IoU 4/5, a fifth is foreign.
    truth = [strip(columns[:5]), strip(columns[4:])]
    assert scored(truth, [strip(columns)]) == (0.8 / 2, 0.8 * 0.8)


def test_nothing_found_and_nothing_to_find():
    assert scored([bar(0, 100)], []) == (0, 0)
    assert scored([], [bar(0, 100)]) == (0, 0)
    assert scored([], []) == (0, 0)


def test_detection_without_area():
    flat = bar(0, 100)
    flat.polygon[:, 1] = 5
    assert scored([bar(0, 100)], [flat, bar(0, 100)]) == (1, 0.5)


@settings(max_examples=60, deadline=None)
@given(random_words(), random_words(true=False))
def test_tightness_never_adds_to_iou(truth, found):
    scores = evaluate_tiou([found], [truth])
    detection = evaluate_detection([found], [truth])
    assert scores.matched == detection.matched
    assert 0 <= scores.recall <= scores.iou_recall + 1e-12 <= detection.recall + 1e-9
    assert 0 <= scores.precision <= scores.iou_precision + 1e-12 <= detection.precision + 1e-9


def test_metric():
    metric = METRICS.build({"type": "DetectionScore", "protocol": "tiou", "prefix": "tight"})
    sample = TextDetSample([box(0, 0, 200, 20)], {}, [bar(0, 80)], scale=(2.0, 2.0))
    metric.process(None, [sample])
    assert metric.evaluate(1)["tight/recall"] == pytest.approx(0.64)
