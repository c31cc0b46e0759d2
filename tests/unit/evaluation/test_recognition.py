from __future__ import annotations

import pytest

from spotter.errors import AnnotationError, CharsetError, ConfigError
from spotter.evaluation import RecognitionRules, evaluate_recognition
from spotter.evaluation.protocols.names import recognition_protocol
from spotter.label_alphabet import LabelAlphabet
from spotter.registry import METRICS
from spotter.structures import TextRecSample


def accuracy(read: str, true: str, **rules) -> float:
    return evaluate_recognition([read], [true], rules=RecognitionRules(**rules)).weighted.accuracy


@pytest.mark.parametrize(
    ("read", "true", "right"),
    [
        # (36, 62, 94, all characters)
        ("hotel", "Hotel", (1, 0, 0, 0)),
        ("Hotel", "Hotel!", (1, 1, 0, 0)),
        ("Hotel!", "Hotel!", (1, 1, 1, 1)),
        ("Caf", "Café", (1, 1, 1, 0)),
        ("Hote1", "Hotel", (0, 0, 0, 0)),
    ],
)
def test_character_sets(read, true, right):
    assert tuple(accuracy(read, true, charset=c) for c in (36, 62, 94, None)) == right


def test_case_switch():
    assert accuracy("hotel!", "Hotel!", charset=94) == 0
    assert accuracy("hotel!", "Hotel!", charset=94, ignore_case=True) == 1


def test_distances():
    report = evaluate_recognition(["hotel", "hotfl", "hxxel", "", "ab"], ["hotel"] * 4 + ["a"])
    scores = report.weighted
    assert scores.accuracy == pytest.approx(1 / 5)
    assert scores.accuracy_ed1 == pytest.approx(3 / 5)
    assert scores.one_minus_ned == pytest.approx((1 + 4 / 5 + 3 / 5 + 0 + 1 / 2) / 5)
    assert scores.count == 5


def test_weighted_and_arithmetic_means():
    report = evaluate_recognition(
        ["a", "b", "x", "d"], ["a", "b", "c", "d"], ["iiit", "iiit", "iiit", "svt"]
    )
    assert report.weighted.accuracy == 0.75
    assert report.arithmetic.accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert report.sources["iiit"].count == 3
    flat = report.to_dict()
    assert flat["svt/accuracy"] == 1.0
    assert flat["mean/accuracy"] == report.arithmetic.accuracy


def test_words_that_are_left_out():
    truths = ["it's", "ab", "word", "!!"]
    kept = evaluate_recognition(["its", "ab", "word", "x"], truths)
    assert (kept.weighted.count, kept.dropped, kept.weighted.accuracy) == (3, 1, 1.0)
    strict = RecognitionRules(drop_symbols=True, min_length=3)
    report = evaluate_recognition(["its", "ab", "word", "x"], truths, rules=strict)
    assert (report.weighted.count, report.dropped) == (1, 3)


@pytest.mark.parametrize("charset", [36, 94, None])
def test_unknown_counts_as_an_error(charset):
    # The filter would otherwise remove it and leave a perfect reading.
    assert accuracy("hot\ufffdel", "hotel", charset=charset) == 0
    assert accuracy("hot<UNK>el", "hotel", charset=charset, unknown="<UNK>") == 0
    rules = RecognitionRules(charset=charset, unknown="<UNK>")
    report = evaluate_recognition(["hot<UNK>l"], ["hotel"], rules=rules)
    assert report.weighted.one_minus_ned == pytest.approx(1 - 1 / 5)


def test_bad_input():
    with pytest.raises(AnnotationError, match="not in step"):
        evaluate_recognition(["a"], ["a", "b"])
    with pytest.raises(CharsetError):
        accuracy("a", "a", charset=37)


def test_characters():
    # hotel: 5 of 5, 5 true; hxtl for hotel: h, t and l of 4 read and 5 true; nothing for bar.
    report = evaluate_recognition(["hotel", "hxtl", ""], ["hotel", "hotel", "bar"])
    assert report.weighted.character_precision == pytest.approx(8 / 9)
    assert report.weighted.character_recall == pytest.approx(8 / 13)
    assert [(c[0], c[1], c[2]) for c in report.confusions().most_common()][:3] == [
        ("a", "", 1),
        ("b", "", 1),
        ("e", "", 1),
    ]


def test_scores_by_length():
    report = evaluate_recognition(["ab", "a!", "xyz"], ["ab", "a", "abc"])
    assert {n: (s.accuracy, s.count) for n, s in report.lengths.items()} == {
        1: (1.0, 1),
        2: (1.0, 1),
        3: (0.0, 1),
    }


def test_removed_by_expression():
    # MMOCR's expression keeps the caret.
    rules = {"charset": None, "ignore_case": True, "remove": "[^A-Z^a-z^0-9]"}
    assert accuracy("it's", "ITS", **rules) == 1
    assert accuracy("it^s", "ITS", **rules) == 0
    with pytest.raises(ConfigError, match="regular expression"):
        RecognitionRules(remove="[")


@pytest.mark.parametrize(
    ("protocol", "kept"),
    [
        ("icdar2013_857", ["word", "Ab1"]),
        ("icdar2013_1015", ["ab", "word", "Ab1"]),
        ("icdar2015_1811", ["ab", "word", "Ab1"]),
        ("icdar2015_2077", ["it's", "ab", "word", "Ab1", "café"]),
        ("exact", ["it's", "ab", "word", "Ab1", "café", "!!"]),
    ],
)
def test_words_that_protocols_keep(protocol, kept):
    rules = recognition_protocol(protocol)
    words = ["it's", "ab", "word", "Ab1", "café", "!!"]
    assert [word for word in words if rules.tally(word, word, "") is not None] == kept


def test_expression_of_mmocr():
    rules = recognition_protocol("mmocr")
    assert rules.normalise("A-b^1!東") == "ab^1東"
    with pytest.raises(ConfigError, match="'35'; known are 36, 62"):
        recognition_protocol("35")


def test_confidences():
    report = evaluate_recognition(["a", "b"], ["a", "c"], confidences=[0.8, 0.6])
    assert report.calibration.expected_error == pytest.approx((0.2 + 0.6) / 2)
    assert report.to_dict()["expected_calibration_error"] == pytest.approx(0.4)
    assert evaluate_recognition(["a"], ["a"]).calibration is None
    with pytest.raises(AnnotationError, match="not in step"):
        evaluate_recognition(["a"], ["a"], confidences=[0.5, 0.5])


def test_metric():
    metric = METRICS.build({"type": "WordAccuracy", "charset": 36})
    metric.process(
        None,
        [
            TextRecSample(text="Hotel", predicted_text="hotel", source="svt"),
            TextRecSample(text="Bar", predicted_text=None, source="iiit"),
            TextRecSample(text=None, predicted_text="unlabelled"),
        ],
    )
    scores = metric.evaluate(3)
    assert scores["recognition/accuracy"] == 0.5
    assert scores["recognition/svt/accuracy"] == 1.0
    assert scores["recognition/count"] == 2


def test_what_labels_leave_out_does_not_count():
    exact = RecognitionRules(None)
    read, true = ["Joe's", "JOE", "Bar-B", "B\ufffdar"], ["JOES", "JOES", "BARB", "BAR"]
    upper = LabelAlphabet.load("upper")
    report = evaluate_recognition(read, true, rules=exact, labels=upper)
    assert [word.distance for word in report.words] == [0, 1, 0, 1]
    assert evaluate_recognition(read, true, rules=exact).weighted.accuracy == 0.0
    # Spaces that labels leave out.
    spaced = evaluate_recognition(["$1 3.99"], ["$13.99"], rules=exact, labels=_printable())
    assert spaced.weighted.accuracy == 1.0


def _printable() -> LabelAlphabet:
    return LabelAlphabet.load("94")


def test_composed_and_decomposed_accents_are_the_same():
    assert accuracy("Cafe\u0301", "Caf\u00e9", charset=None) == 1


def test_metric_has_exact_figures_beside_the_folded_ones():
    metric = METRICS.build({"type": "WordAccuracy"})
    upper = LabelAlphabet.load("upper")
    metric.process(
        None,
        [
            TextRecSample("Hotel", predicted_text="hotel", source="icdar"),
            TextRecSample("1.80", predicted_text="180", source="icdar"),
            TextRecSample("No.5", predicted_text="No.5", source="icdar"),
            # Only marks: nothing is left of it when folded.
            TextRecSample("%", predicted_text="%", source="icdar"),
            TextRecSample("JOES", predicted_text="Joe's", source="svt", label_alphabet=upper),
        ],
    )
    scores = metric.evaluate(5)
    assert scores["recognition/accuracy"] == 1.0
    assert scores["recognition/count"] == 4
    assert scores["recognition/exact_accuracy"] == pytest.approx(3 / 5)
    assert scores["recognition/exact_count"] == 5
    assert scores["recognition/icdar/exact_accuracy"] == 0.5
    assert scores["recognition/svt/exact_accuracy"] == 1.0
    assert scores["recognition/mean/exact_accuracy"] == 0.75
