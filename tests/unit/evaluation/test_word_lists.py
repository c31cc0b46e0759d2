"""Words read in pictures whose words are listed without places."""

from __future__ import annotations

import pytest

from spotter.errors import AnnotationError
from spotter.evaluation.protocols.word_lists import (
    WORD_KINDS,
    WordCounts,
    count_words,
    evaluate_word_lists,
    loose_form,
    read_expected,
)

TRUTHS = {
    "receipt.png": ["Total:", "1.80", "1.80", "A", "info@shop"],
    "sign.png": ["STOP", "*"],
}
# "1.80" is read once and once without its point; "total:" in the wrong case; "A" is missed.
READ = {"receipt.png": ["total: 1.80 180", "info@shop"], "sign.png": ["STOP", "x"]}


def test_words_are_counted_as_often_as_they_are_listed():
    assert count_words(["a", "a", "b"], ["a", "b", "b", "c"]) == WordCounts(2, 4, 1)
    assert count_words(["*", "1"], ["*", "1."], loose_form) == WordCounts(1, 1, 0)
    # e and U+0301 is the same letter as U+00E9.
    assert count_words(["cafe\u0301"], ["caf\u00e9"]) == WordCounts(1, 1, 0)


def test_scores_by_kind():
    scores = evaluate_word_lists(READ, TRUTHS)
    # receipt: 1.80 and info@shop right of 5, total: and 180 false: F1 4/9; sign: 1 of 2, x false.
    assert scores.files == {
        "receipt.png": WordCounts(2, 5, 2),
        "sign.png": WordCounts(1, 2, 1),
    }
    assert scores.mean_f1 == pytest.approx((4 / 9 + 2 / 4) / 2)
    assert scores.exact["all"] == WordCounts(3, 7, 3)
    assert scores.exact["all"].share == pytest.approx(3 / 7)
    # Loosely Total: is read, and 180 is 1.80; the asterisk does not count.
    assert scores.loose["all"] == WordCounts(5, 6, 1)
    right = {kind: (c.right, c.true) for kind, c in scores.exact.items()}
    assert right == {
        "all": (3, 7),
        "letters only": (1, 2),
        "with a digit": (1, 2),
        "number with . or ,": (1, 2),
        "ends in a mark": (0, 1),
        "inner sign": (1, 1),
        "one character": (0, 1),
    }
    flat = scores.to_dict()
    assert flat["exact"]["all"] == {"right": 3, "true": 7, "false": 3, "share": 3 / 7}


def test_files_without_readings_count_as_missed():
    scores = evaluate_word_lists({"sign.png": ["STOP", "*"]}, TRUTHS)
    assert scores.exact["all"] == WordCounts(2, 7, 0)
    assert scores.mean_f1 == 0.5
    with pytest.raises(AnnotationError, match=r"other.png: predicted"):
        evaluate_word_lists({"other.png": []}, TRUTHS)


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        ("Zürich", {"letters only"}),
        ("4.5%", {"with a digit", "number with . or ,"}),
        ("end.", {"ends in a mark"}),
        ("7.", {"with a digit", "one character"}),
        ("3,200.", {"with a digit", "number with . or ,"}),
        ("B-12", {"with a digit", "inner sign"}),
        ("a:", {"ends in a mark", "one character"}),
        ("-", set()),
    ],
)
def test_kinds(word, kinds):
    assert {kind for kind, belongs in WORD_KINDS.items() if belongs(word)} == kinds | {"all"}


def test_expected_words_are_read_from_a_folder(tmp_path):
    (tmp_path / "expected.json").write_text('{"a.png": ["Ä", "1"]}', encoding="utf-8")
    assert read_expected(tmp_path) == {"a.png": ["Ä", "1"]}
    for content, message in (("{}", "no file"), ('{"a": "b"}', "a must be a list"), ("{", "JSON")):
        (tmp_path / "expected.json").write_text(content)
        with pytest.raises(AnnotationError, match=message):
            read_expected(tmp_path / "expected.json")
    with pytest.raises(AnnotationError, match="no such file"):
        read_expected(tmp_path / "none")
