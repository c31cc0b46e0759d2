"""Label alphabets: what labels say of a text."""

import pytest

from spotter.errors import CharsetError
from spotter.label_alphabet import LABEL_ALPHABETS, LabelAlphabet


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("36", "dont15caf"),
        ("62", "Dont15Caf"),
        ("upper", "DONT15CAF"),
        ("94", "Don't1.5Caf"),
        ("latin", "Don't1.5€Café"),
        ("any", "Don't 1.5€ Café"),
    ],
)
def test_labels_leave_out_what_their_alphabet_lacks(name, expected):
    # The accent is decomposed (e, U+0301), as some systems write it.
    text = "Don't 1.5€ Cafe\u0301"
    assert LabelAlphabet.load(name).project(text) == expected


@pytest.mark.parametrize("name", sorted(LABEL_ALPHABETS))
def test_projecting_twice_changes_nothing(name):
    alphabet = LabelAlphabet.load(name)
    once = alphabet.project("Aa-1 ﬁÄß№")
    assert alphabet.project(once) == once


def test_labels_tell_of_a_character_in_either_case():
    upper = LabelAlphabet.load("upper")
    assert "a" in upper
    assert "A" in upper
    assert "-" not in upper
    assert "-" in LabelAlphabet.load("any")


def test_case_is_folded_to_lower_where_both_are_listed():
    assert LabelAlphabet("aAbB.", case=False).project("Ab.c") == "ab."
    assert LabelAlphabet(case=False).project("Ab.") == "ab."


def test_loading_takes_mappings_and_alphabets():
    digits = LabelAlphabet.load({"characters": "0123456789", "case": False})
    assert digits.project("A12b") == "12"
    assert LabelAlphabet.load(digits) is digits


@pytest.mark.parametrize("source", ["63", {"letters": "abc"}, {"characters": "abc"}])
def test_what_is_no_alphabet_is_refused(source):
    with pytest.raises(CharsetError, match="label alphabet"):
        LabelAlphabet.load(source)


def test_labels_of_words_leave_out_the_space() -> None:
    assert LabelAlphabet.of_words("abc") is None
    alphabet = LabelAlphabet.of_words("aA1 ")
    assert alphabet == LabelAlphabet("aA1")
    assert LabelAlphabet.of_words("a1 ") == LabelAlphabet("a1", case=False)
    assert alphabet.project("a A1") == "aA1"
