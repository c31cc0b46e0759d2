"""What becomes of words: cases worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spotter.error_analysis.cases import WordCase, reading_angle, scene_cases, word_cases
from spotter.evaluation import RecognitionRules, evaluate_detection, evaluate_end_to_end
from spotter.evaluation.saved import ScoredWords
from spotter.structures import TextInstance


def box(left: float, right: float, top: float = 0, bottom: float = 10) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def found(polygon: np.ndarray, text: str | None, detection: float = 1.0, reading: float = 1.0):
    return TextInstance(polygon, text, False, detection, reading)


def one_photo(predicted: list[TextInstance], true: list[TextInstance]) -> list[WordCase]:
    return scene_cases([predicted], [true])


def outcome(cases: list[WordCase]) -> list[tuple[str, str | None, str | None]]:
    return [(case.kind, case.true, case.read) for case in cases]


def test_every_kind_in_one_photo() -> None:
    true = [
        found(box(0, 40), "EXIT"),
        found(box(100, 140), "SALE"),
        found(box(200, 240), "gone"),
        found(box(300, 340), "STOP"),
        found(box(345, 385), "SIGN"),
        found(box(400, 460), "TOGETHER"),
        found(box(500, 540), "lost"),
    ]
    predicted = [
        found(box(0, 40), "exit", 0.9, 0.5),
        found(box(100, 141), "5ALE", 0.8),
        found(box(300, 385), "STOPSIGN"),
        found(box(430, 460), "THER", 0.6),
        found(box(400, 426), "TOGE", 0.4),
        found(box(520, 560), "st"),
        found(box(700, 740), "ghost", 0.3),
    ]
    cases = one_photo(predicted, true)
    assert outcome(cases) == [
        ("correct", "EXIT", "exit"),
        ("wrong", "SALE", "5ALE"),
        ("missed", "gone", None),
        ("merged", "STOP", "STOPSIGN"),
        ("merged", "SIGN", "STOPSIGN"),
        ("split", "TOGETHER", "TOGE | THER"),
        ("missed", "lost", None),
        ("false_alarm", None, "st"),
        ("false_alarm", None, "ghost"),
    ]
    assert cases[0].confidence == pytest.approx(0.9**0.5 * 0.5)
    assert cases[1].confusions() == [("S", "5")]
    assert (cases[1].edits, cases[0].edits, cases[2].edits) == (1, 0, None)
    assert cases[3].note == "together with SIGN"
    assert cases[4].note == "together with STOP"
    assert cases[5].confidence == pytest.approx((0.6**0.5 + 0.4**0.5) / 2)
    assert len(cases[5].predicted) == 2
    # The boxes share 20 x 10 of 60 x 10.
    assert cases[6].note == "nearest detection “st”: IoU 0.33"
    assert cases[7].note == "lies on “lost”: IoU 0.33"
    assert cases[8].note == ""
    assert [case.size for case in cases[:2]] == [(40, 10), (40, 10)]


def test_kinds_add_up_to_the_scores() -> None:
    rng = np.random.default_rng(4)
    true, predicted = [], []
    for _ in range(30):
        photo, guesses = [], []
        for left in range(0, 400, 50):
            text = "".join(rng.choice(list("AB"), 2))
            if rng.random() < 0.8:
                photo.append(TextInstance(box(left, left + 40), text, bool(rng.random() < 0.2)))
            for _ in range(rng.integers(0, 3)):
                start, end = left + rng.integers(-25, 25), left + 40 + rng.integers(-25, 60)
                if end - start > 5:
                    guesses.append(found(box(start, end), "".join(rng.choice(list("AB"), 2))))
        true.append(photo)
        predicted.append(guesses)
    cases = scene_cases(predicted, true)
    detection = evaluate_detection(predicted, true)
    end_to_end = evaluate_end_to_end(predicted, true)
    kinds = [case.kind for case in cases]
    assert kinds.count("correct") == end_to_end.correct
    assert sum(case.is_true_word for case in cases) == detection.ground_truths
    assert {"missed", "wrong", "merged", "split", "false_alarm"} <= set(kinds)
    # Each detection that counts is in at least one case, unless as somebody's nearest.
    explained = sum(len(case.predicted) for case in cases if case.kind != "missed")
    assert explained >= detection.detections


def test_a_matched_word_that_swallowed_its_neighbour() -> None:
    true = [found(box(0, 80), "LARGE"), found(box(82, 100), "AD")]
    cases = one_photo([found(box(0, 100), "LARGEAD")], true)
    assert outcome(cases) == [("merged", "LARGE", "LARGEAD"), ("merged", "AD", "LARGEAD")]
    # Read right in spite of it: that word is correct, the other one is still lost in it.
    cases = one_photo([found(box(0, 100), "LARGE")], true)
    assert outcome(cases) == [("correct", "LARGE", "LARGE"), ("merged", "AD", "LARGE")]


def test_a_matched_piece_of_a_split_word() -> None:
    true = [found(box(0, 100), "RESTAURANT")]
    pieces = [found(box(70, 100), "ANT"), found(box(0, 68), "RESTAUR")]
    cases = one_photo(pieces, true)
    assert outcome(cases) == [("split", "RESTAURANT", "RESTAUR | ANT")]
    assert cases[0].edits == 0
    # A second detection of a word that is read is a false alarm.
    twice = [found(box(0, 100), "RESTAURANT"), found(box(0, 60), "REST")]
    assert [case.kind for case in one_photo(twice, true)] == ["correct", "false_alarm"]


def test_pieces_come_in_reading_direction() -> None:
    upside_down = box(0, 100)[[2, 3, 0, 1]]
    pieces = [found(box(0, 45), "R"), found(box(55, 100), "L")]
    cases = one_photo(pieces, [found(upside_down, "LR")])
    assert outcome(cases) == [("split", "LR", "L | R")]


def test_what_does_not_count() -> None:
    true = [
        TextInstance(box(0, 40), None, ignore=True),
        TextInstance(box(100, 140), None),
        TextInstance(box(200, 240), "###"),
    ]
    predicted = [found(box(0, 40), "a"), found(box(100, 140), "b"), found(box(202, 230), "c")]
    assert outcome(one_photo(predicted, true)) == [("correct", None, "b")]


def test_detections_without_text() -> None:
    true = [found(box(0, 40), "EXIT"), found(box(100, 140), "SALE")]
    cases = one_photo([found(box(2, 40), None, 0.7)], true)
    assert outcome(cases) == [("correct", "EXIT", None), ("missed", "SALE", None)]
    assert cases[0].confidence == pytest.approx(0.7)
    assert one_photo([], []) == []
    assert outcome(one_photo([], true))[1] == ("missed", "SALE", None)


def test_angles() -> None:
    level = box(0, 40)
    assert reading_angle(level) == 0
    assert reading_angle(level[[2, 3, 0, 1]]) == 180
    assert reading_angle(np.array([[10, 0], [10, 40], [0, 40], [0, 0]])) == pytest.approx(90)
    tilted = np.array([[0, 30], [40, 0], [46, 8], [6, 38]])
    assert reading_angle(tilted) == pytest.approx(np.degrees(np.arctan2(3, 4)))
    strip = np.array([[0, 5], [20, 0], [40, 5], [40, 15], [20, 10], [0, 15]])
    assert reading_angle(strip) == 0


def test_words() -> None:
    names = [f"{number}.png" for number in range(1, 6)]
    readings = ["ITS", "c0ke", "", None, None]
    truths = ["It's", "Coke", "Bar", "---", "x"]
    words = ScoredWords(names, readings, truths, [0.9, 0.8, 0.1, 0.0, 0.0], [""] * 5, 2)
    cases = word_cases(words)
    assert [(case.image, case.kind, case.edits, case.confidence) for case in cases] == [
        ("1.png", "correct", 0, 0.9),
        ("2.png", "wrong", 1, 0.8),
        ("3.png", "missed", 3, None),
        ("5.png", "missed", 1, None),
    ]
    assert cases[1].confusions() == [("o", "0")]
    assert cases[1].angle is None
    strict = word_cases(replace(words, confidences=None), RecognitionRules(charset=None))
    assert [(case.kind, case.confidence) for case in strict[:2]] == [("wrong", None)] * 2
