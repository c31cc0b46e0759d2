from __future__ import annotations

import numpy as np
import pytest

from spotter.errors import AnnotationError
from spotter.evaluation import DetectionScore, evaluate_detection
from spotter.registry import METRICS
from spotter.structures import SpottingResult, TextDetSample, TextInstance
from tests.unit.evaluation.shapes import box, strip


def test_iou_must_exceed_the_threshold():
    truth = [box(0, 0, 10, 10)]
    # 50 / 100 is not above 0.5; 60 / 100 is.
    assert evaluate_detection([[box(0, 0, 10, 5)]], [truth]).matched == 0
    scores = evaluate_detection([[box(0, 0, 10, 6)]], [truth])
    assert (scores.matched, scores.precision, scores.recall, scores.hmean) == (1, 1, 1, 1)


def test_double_detection_costs_precision():
    truth = [box(0, 0, 10, 10), box(20, 0, 30, 10)]
    found = [box(0, 0, 10, 10), box(0, 0, 10, 9)]
    scores = evaluate_detection([found], [truth])
    assert (scores.matched, scores.detections, scores.ground_truths) == (1, 2, 2)
    assert scores.precision == scores.recall == scores.hmean == 0.5


def test_matching_is_greedy_in_order_of_the_truth():
    # The first word takes the first detection above 0.5 and leaves the second word the other one,
    # though each would have a better partner.
    truth = [box(0, 0, 10, 10), box(1, 0, 11, 10)]
    found = [box(1, 0, 11, 10), box(0, 0, 10, 10)]
    assert evaluate_detection([found], [truth]).matched == 2
    assert evaluate_detection([found[:1]], [truth]).recall == 0.5


def test_dont_care_words_and_the_detections_on_them():
    truth = [box(0, 0, 10, 10), box(20, 0, 40, 10, ignore=True), box(50, 0, 60, 9, text="###")]
    found = [
        box(0, 0, 10, 10),
        # 60 of 100 px lie on a don't-care word: left out, though the IoU is only 60 / 240.
        box(20, 4, 30, 14),
        # Half of it does: still counted, and wrong.
        box(30, 5, 40, 15),
        box(50, 0, 60, 10),
    ]
    scores = evaluate_detection([found], [truth])
    assert (scores.matched, scores.detections, scores.ground_truths) == (1, 2, 1)
    assert scores.precision == 0.5
    assert scores.recall == 1.0


def test_a_detection_on_a_dont_care_word_cannot_match():
    truth = [box(0, 0, 10, 10), box(0, 0, 10, 10, ignore=True)]
    scores = evaluate_detection([[box(0, 0, 10, 10)]], [truth])
    assert (scores.detections, scores.ground_truths, scores.recall) == (0, 1, 0.0)


def test_counts_are_pooled_over_images():
    truths = [[box(0, 0, 10, 10)], [box(0, 0, 10, 10), box(20, 0, 30, 10), box(40, 0, 50, 10)], []]
    found = [[box(0, 0, 10, 10)], [box(0, 0, 10, 10)], [box(0, 0, 10, 10)]]
    scores = evaluate_detection(found, truths)
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.recall == 0.5
    assert scores.hmean == pytest.approx(4 / 7)
    assert scores.images == 3


def test_average_precision_and_fixed_threshold():
    truth = [box(0, 0, 10, 10), box(20, 0, 30, 10)]
    found = [
        box(0, 0, 10, 10, detection_score=0.9),
        box(60, 0, 70, 10, detection_score=0.8),
        box(20, 0, 30, 10, detection_score=0.3),
    ]
    scores = evaluate_detection([found], [truth])
    # Precisions at the hits: 1/1 and 2/3.
    assert scores.average_precision == pytest.approx((1 + 2 / 3) / 2)
    strict = evaluate_detection([found], [truth], min_score=0.8)
    assert (strict.precision, strict.recall) == (0.5, 0.5)
    assert strict.average_precision == 0.5


def test_average_precision_of_curved_words():
    # Sections of equal area, so that a strip of k of the four sections has IoU k / 4.
    columns = [[0, 0], [20, 15], [40, 20], [60, 15], [80, 0]]
    truth = [strip(columns), strip(np.add(columns, 100))]
    found = [
        strip(columns[:3], detection_score=0.9),
        strip(columns[:4], detection_score=0.8),
        strip(np.add(columns, 100), detection_score=0.7),
    ]
    scores = evaluate_detection([found], [truth])
    assert (scores.matched, scores.precision, scores.recall) == (2, 2 / 3, 1)
    # Ranked: miss (0.5 is not above 0.5), hit, hit.
    assert scores.average_precision == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_average_precision_matches_in_order_of_score():
    # Both detections would match the word: the surer one does, though it comes second.
    truth = [box(0, 0, 10, 10)]
    found = [box(0, 0, 10, 9, detection_score=0.3), box(0, 0, 10, 8, detection_score=0.9)]
    assert evaluate_detection([found], [truth]).average_precision == 1.0
    found[1] = box(20, 0, 30, 10, detection_score=0.9)
    assert evaluate_detection([found], [truth]).average_precision == 0.5


def test_nothing_at_all():
    scores = evaluate_detection([[]], [[]])
    assert (scores.precision, scores.recall, scores.hmean, scores.images) == (0, 0, 0, 1)


def test_curved_polygons_and_crossing_outlines():
    bow_tie = TextInstance(np.array([[0, 0], [10, 10], [10, 0], [0, 10]], dtype=np.float32))
    assert evaluate_detection([[bow_tie]], [[box(0, 0, 10, 10)]]).matched == 0
    ring = 50 + 40 * np.stack([np.cos(a := np.linspace(0, 6, 14)), np.sin(a)], axis=1)
    word = TextInstance(ring.astype(np.float32))
    assert evaluate_detection([[word]], [[TextInstance(word.polygon + 1)]]).matched == 1


def test_inputs_by_name_and_in_the_json_schema():
    result = SpottingResult("a.jpg", 100, 100, [box(0, 0, 10, 10, detection_score=0.7)])
    truths = {"a.jpg": [box(0, 0, 10, 10)], "b.jpg": [box(0, 0, 5, 5)]}
    for line in (result, result.to_dict()):
        scores = evaluate_detection({"a.jpg": line}, truths, min_score=0.6)
        assert (scores.matched, scores.ground_truths) == (1, 2)
    with pytest.raises(AnnotationError, match=r"c\.jpg"):
        evaluate_detection({"c.jpg": result}, truths)
    with pytest.raises(AnnotationError, match="1 images predicted"):
        evaluate_detection([result], [[], []])
    with pytest.raises(AnnotationError, match="polygon"):
        evaluate_detection([[{"text": "a"}]], [[]])


def test_metric_brings_the_truth_back_to_the_photo():
    metric = METRICS.build({"type": "DetectionScore"})
    assert isinstance(metric, DetectionScore)
    # The photo was 100 x 50 and went in at twice the width and three times the height.
    sample = TextDetSample(
        instances=[box(20, 30, 60, 60), box(100, 30, 140, 60)],
        predictions=[box(10, 10, 30, 20, detection_score=0.9)],
        scale=(2.0, 3.0),
    )
    metric.process(None, [sample])
    scores = metric.evaluate(1)
    assert scores["detection/recall"] == 0.5
    assert scores["detection/precision"] == 1.0
    assert scores["detection/hmean"] == pytest.approx(2 / 3)
    assert scores["detection/average_precision"] == 0.5
