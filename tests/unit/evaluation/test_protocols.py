from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.errors import AnnotationError, ConfigError
from spotter.evaluation import DETECTION_PROTOCOLS, detection_protocol
from spotter.registry import METRICS
from spotter.structures import TextDetSample
from tests.unit.evaluation.shapes import box, random_words, separate_words, strip

NAMES = list(DETECTION_PROTOCOLS)


def rates(scores) -> tuple[float, float, float]:
    return scores.recall, scores.precision, scores.hmean


def close(scores):
    return pytest.approx(scores.to_dict(), abs=1e-9)


def test_unknown_name():
    with pytest.raises(ConfigError, match="'icdar2011'; known are iou, icdar2015, icdar2013"):
        detection_protocol("icdar2011")


def test_names_choose_the_rules():
    # Two parts of a word, merged words, and a detection that is too large.
    truth = [box(0, 0, 99, 9), box(0, 20, 39, 29), box(60, 20, 99, 29), box(0, 40, 99, 49)]
    found = [box(0, 0, 49, 9), box(50, 0, 99, 9), box(0, 20, 99, 29), box(0, 40, 99, 79)]
    recalls = {name: detection_protocol(name)([found], [truth]).recall for name in NAMES}
    assert recalls["iou"] == recalls["icdar2015"] == 0.0
    assert recalls["icdar2013"] == pytest.approx(2.8 / 4)
    # By area the parts and the merged words leave gaps of a pixel, and 9 / 39 is too little.
    assert recalls["deteval"] == pytest.approx(2.8 / 4)
    assert recalls["totaltext"] == pytest.approx(2.4 / 4)
    assert recalls["tiou"] == 0.0


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(random_words(), random_words(true=False)), max_size=3))
def test_scores_are_rates(name, images):
    scores = detection_protocol(name)([found for _, found in images], [true for true, _ in images])
    assert all(0.0 <= value <= 1.0 + 1e-12 for value in rates(scores))
    assert min(scores.recall, scores.precision) - 1e-12 <= scores.hmean
    assert all(isinstance(value, int | float) for value in scores.to_dict().values())


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(st.lists(separate_words(least=1), min_size=1, max_size=3))
def test_perfect_predictions(name, images):
    assert rates(detection_protocol(name)(images, images)) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(random_words(), random_words(true=False)), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_order_of_images_is_indifferent(name, images, random):
    truths, found = {}, {}
    for number, (true, predicted) in enumerate(images):
        truths[f"{number}.jpg"], found[f"{number}.jpg"] = true, predicted
    shuffled = list(truths)
    random.shuffle(shuffled)
    protocol = detection_protocol(name)
    expected = close(protocol(found, truths))
    assert protocol(found, {key: truths[key] for key in shuffled}).to_dict() == expected
    # By name and in step is the same.
    assert protocol(list(found.values()), list(truths.values())).to_dict() == expected


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(separate_words(), st.data())
def test_order_of_words_is_indifferent(name, words, data):
    found = []
    for word in words:
        move = data.draw(st.tuples(*[st.integers(-4, 4)] * 2))
        score = data.draw(st.sampled_from([0.25, 0.5, 1.0]))
        found.append(type(word)(word.polygon + move, text=word.text, detection_score=score))
    protocol = detection_protocol(name)
    expected = close(protocol([found], [words]))
    shuffled = data.draw(st.permutations(found))
    assert protocol([shuffled], [data.draw(st.permutations(words))]).to_dict() == expected


@pytest.mark.parametrize("name", NAMES)
def test_dicts_and_instances_score_the_same(name):
    truth = [box(0, 0, 60, 20, text="one"), strip([[0, 40], [40, 55], [80, 40]], text="bent")]
    found = [box(0, 0, 55, 20, text="one"), box(100, 0, 130, 20, text="two")]
    protocol = detection_protocol(name)
    lines = {"a": {"image": "a", "instances": [word.to_dict() for word in found]}}
    assert protocol(lines, {"a": truth}).to_dict() == close(protocol([found], [truth]))
    with pytest.raises(AnnotationError, match="predicted, but there is no ground truth"):
        protocol({"b": found}, {"a": truth})


@pytest.mark.parametrize("name", NAMES)
def test_low_scores_are_dropped_on_request(name):
    truth = [box(0, 0, 60, 20, text="one")]
    found = [*truth, box(100, 0, 130, 20, text="two", detection_score=0.3)]
    protocol = detection_protocol(name)
    assert protocol([found], [truth]).precision < 1
    assert protocol([found], [truth], min_score=0.5).precision == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_metric_scores_like_its_protocol(name):
    truths = [[box(0, 0, 60, 20, text="one")], [box(0, 0, 50, 20, text="###")], []]
    found = [[box(0, 0, 50, 20)], [box(0, 0, 50, 18)], [box(5, 5, 30, 15)]]
    built = METRICS.build({"type": "DetectionScore", "protocol": name})
    for true, predicted in zip(truths, found, strict=True):
        built.process(None, [TextDetSample(instances=true, predictions=predicted)])
    values = built.evaluate(3)
    expected = detection_protocol(name)(found, truths).to_dict()
    assert built.prefix == "detection"
    assert values == {f"{built.prefix}/{key}": value for key, value in expected.items()}
    assert 0 < values[f"{built.prefix}/hmean"] < 1
    assert len(list(chain(*truths))) == 2


def test_the_metric_refuses_what_its_protocol_does_not_know():
    def build(**config):
        return METRICS.build({"type": "DetectionScore", **config})

    with pytest.raises(ConfigError, match="no detection protocol 'dice'"):
        build(protocol="dice")
    with pytest.raises(ConfigError, match="tiou has no option iou; known are iou_threshold"):
        build(protocol="tiou", iou=0.5)
    with pytest.raises(ConfigError, match="CLEval knows no setting ap"):
        build(protocol="cleval", settings={"ap": 0.5})
