from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.decoding.lexicon import edit_distance
from spotter.evaluation.confusion import Confusions, align, count_confusions, matched_characters

words = st.text(alphabet="abc", max_size=7)


@pytest.mark.parametrize(
    ("true", "read", "expected"),
    [
        ("abc", "abc", [("a", "a"), ("b", "b"), ("c", "c")]),
        ("abc", "axc", [("a", "a"), ("b", "x"), ("c", "c")]),
        ("abc", "ac", [("a", "a"), ("b", ""), ("c", "c")]),
        ("ac", "abc", [("a", "a"), ("", "b"), ("c", "c")]),
        ("", "a", [("", "a")]),
        ("", "", []),
    ],
)
def test_alignments(true, read, expected):
    assert align(true, read) == expected


def test_more_characters_right_among_equals():
    # Two edits either way: two substitutions leave none right, a gap on each side leaves one.
    assert matched_characters("ab", "ba") == 1


@settings(max_examples=200, deadline=None)
@given(words, words)
def test_alignments_are_shortest_and_complete(true, read):
    pairs = align(true, read)
    assert "".join(one for one, _ in pairs) == true
    assert "".join(other for _, other in pairs) == read
    assert ("", "") not in pairs
    assert sum(one != other for one, other in pairs) == edit_distance(true, read)
    assert matched_characters(true, read) == matched_characters(read, true)


def test_counts():
    confusions = count_confusions([("O0", "00"), ("O", "0"), ("ab", "b"), ("x", "xy")])
    assert confusions.most_common() == [("O", "0", 2), ("", "y", 1), ("a", "", 1)]
    assert confusions.most_common(1) == [("O", "0", 2)]
    assert confusions.total("O") == 2
    assert confusions.accuracy("0") == 1.0
    assert confusions.accuracy("O") == confusions.accuracy("?") == 0.0
    assert confusions.matrix(["O", "0"]) == [[0, 2], [0, 1]]
    assert Confusions().most_common() == []
