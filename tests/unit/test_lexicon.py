from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotter.decoding.lexicon import VISUAL_COSTS, Lexicon, edit_distance, weighted_edit_distance
from spotter.errors import AnnotationError, ConfigError


def table_distance(first: str, second: str, costs=None) -> float:
    """The textbook recurrence over the full table."""
    table = [[float(i + j) for j in range(len(second) + 1)] for i in range(len(first) + 1)]
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            change = 0.0 if one == other else (costs or {}).get((one, other), 1.0)
            table[i + 1][j + 1] = min(
                table[i][j] + change, table[i][j + 1] + 1, table[i + 1][j] + 1
            )
    return table[-1][-1]


def brute_force(words, query, limit=math.inf, costs=None):
    distances = [0.0 if query == word else table_distance(query, word, costs) for word in words]
    least = min(distances, default=math.inf)
    if least > limit or math.isinf(least):
        return None, math.inf
    return words[distances.index(least)], least


short = st.text(alphabet="abcdeO0l1", max_size=9)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("kitten", "sitting", 3),
        ("", "abc", 3),
        ("", "", 0),
        ("flaw", "lawn", 2),
        ("ab", "ba", 2),
        ("a" * 70, "a" * 35 + "b" + "a" * 35, 1),
        ("straße", "strasse", 2),
    ],
)
def test_known_distances(first, second, expected):
    assert edit_distance(first, second) == expected
    assert edit_distance(second, first) == expected


@settings(max_examples=300, deadline=None)
@given(short, short)
def test_distances_equal_the_table(first, second):
    assert edit_distance(first, second) == table_distance(first, second)
    assert weighted_edit_distance(first, second) == table_distance(first, second, VISUAL_COSTS)


def test_lookalikes_cost_half():
    assert weighted_edit_distance("H0TEL", "HOTEL") == 0.5
    assert weighted_edit_distance("HXTEL", "HOTEL") == 1.0
    assert weighted_edit_distance("H0TELS", "HOTEL") == 1.5


@settings(max_examples=150, deadline=None)
@given(
    st.lists(short.filter(bool), min_size=1, max_size=60),
    short,
    st.sampled_from([None, 0, 1, 1.5, 2]),
    st.booleans(),
)
def test_nearest_equals_brute_force(words, query, limit, weighted):
    costs = VISUAL_COSTS if weighted else None
    expected = brute_force(words, query, math.inf if limit is None else limit, costs)
    found = Lexicon(words).nearest(query, limit, case_sensitive=True, costs=costs)
    assert found == expected


def test_search_of_300_words_equals_brute_force():
    generator = np.random.default_rng(0)
    words = ["".join(generator.choice(list("abcdefgh"), n)) for n in generator.integers(1, 14, 300)]
    lexicon = Lexicon(words)
    for _ in range(12):
        query = "".join(generator.choice(list("abcdefgh"), generator.integers(1, 14)))
        assert lexicon.nearest(query, case_sensitive=True) == brute_force(words, query)


def test_case_is_ignored_unless_asked():
    lexicon = Lexicon(["Hotel", "HOSTEL"])
    assert lexicon.nearest("hotel") == ("Hotel", 0.0)
    assert lexicon.nearest("hotel", case_sensitive=True) == ("Hotel", 1.0)
    assert lexicon.nearest("hotxl", max_distance=0) == (None, math.inf)
    assert "Hotel" in lexicon
    assert "hotel" not in lexicon


def test_first_of_equals_wins_and_lengths_may_exceed_64():
    assert Lexicon(["bat", "cat"]).nearest("rat") == ("bat", 1.0)
    assert Lexicon(["cat", "bat"]).nearest("rat") == ("cat", 1.0)
    assert Lexicon(["x" * 80]).nearest("x" * 79 + "y") == ("X".lower() * 80, 1.0)


def test_lower_case_lookalikes_hold_when_case_is_ignored():
    # "l" and "1" look alike; upper-cased they are "L" and "1".
    assert Lexicon(["1ate", "bate"]).nearest("late", costs=VISUAL_COSTS) == ("1ate", 0.5)


def test_costs_are_checked():
    with pytest.raises(ConfigError):
        Lexicon(["a"]).nearest("b", costs={("a", "b"): 0.0})


def test_empty_lexicon_and_empty_query():
    assert Lexicon([]).nearest("a") == (None, math.inf)
    assert Lexicon(["ab", "c"]).nearest("") == ("c", 1.0)
    assert len(Lexicon(["a", "", "b"])) == 2


def test_files(tmp_path):
    plain = tmp_path / "words.txt"
    plain.write_text("\ufeffHotel\n\nBar, Grill\n", encoding="utf-8")
    assert Lexicon.from_file(plain).words == ["Hotel", "Bar, Grill"]
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("HOTEL, Hotel!\nBAR Bar\n", encoding="utf-8")
    assert Lexicon.from_file(pairs, pairs=True).nearest("hote1") == ("Hotel!", 1.0)
    assert Lexicon.from_file(pairs, pairs=True).nearest("bar") == ("Bar", 0.0)


def test_bad_files_say_so_in_one_line(tmp_path):
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("A, a\nB\n", encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"pairs.txt:2: [^\n]+$"):
        Lexicon.from_file(pairs, pairs=True)
    with pytest.raises(AnnotationError, match="cannot be read"):
        Lexicon.from_file(tmp_path / "missing.txt")
    pairs.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(AnnotationError, match="UTF-8"):
        Lexicon.from_file(pairs)
    pairs.write_text("\n")
    with pytest.raises(AnnotationError, match="no word"):
        Lexicon.from_file(pairs)


def test_large_lexicon_is_fast():
    generator = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    skew = 1 / np.arange(1, 27)
    lengths = generator.integers(3, 13, 90_000)
    pool = "".join(generator.choice(letters, int(lengths.sum()), p=skew / skew.sum()))
    ends = np.cumsum(lengths)
    words = [pool[end - n : end] for end, n in zip(ends, lengths, strict=True)]
    lexicon = Lexicon(words)
    lexicon.nearest("zzqq")
    queries = [w[:1] + "Q" + w[2:] for w in words[::900]]
    begin = time.process_time()
    for query in queries:
        lexicon.nearest(query, max_distance=1.5)
    # A loaded machine gets ten times the millisecond that it takes at most when idle.
    assert (time.process_time() - begin) / len(queries) < 0.01


def test_mixed_lengths_and_alphabets_equal_brute_force():
    generator = np.random.default_rng(1)
    letters = list("abO0lI1東京\U0001f600é")
    lengths = [*range(1, 19), 40, 64, 65, 130, 150]
    words = ["".join(generator.choice(letters, n)) for n in lengths for _ in range(3)]
    lexicon = Lexicon(words)
    for query in [words[i][1:] + "a" for i in (3, 30, 50, 55, 60)] + ["", "z", "z" * 70]:
        for costs in (None, VISUAL_COSTS):
            expected = brute_force(words, query, costs=costs)
            assert lexicon.nearest(query, case_sensitive=True, costs=costs) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(alphabet="abcd", min_size=1, max_size=7), min_size=30, max_size=60),
    st.text(alphabet="abcd", max_size=8),
    st.dictionaries(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda p: p[0] != p[1]),
        st.sampled_from([0.125, 0.25, 0.375, 0.5, 0.875, 1.0]),
        min_size=1,
    ),
    st.sampled_from([None, 0.5, 1.25, 3]),
)
def test_any_costs_equal_brute_force(words, query, costs, limit):
    expected = brute_force(words, query, math.inf if limit is None else limit, costs)
    assert Lexicon(words).nearest(query, limit, case_sensitive=True, costs=costs) == expected
