"""Reading and folding words."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.decoding import WordSource, fold, read_word_counts
from spotter.decoding.corpus import LETTERS, decomposed, fold_counts, letters_of
from spotter.errors import AnnotationError, ConfigError


def test_frequencies_and_running_text(tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_text("the\t0.5\nof\t0.25\nto be--or not — to be\nthe\t1\n", encoding="utf-8")
    assert read_word_counts(file) == {"the": 1.5, "of": 0.25, "to": 2, "be": 2, "or": 1, "not": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [("a\tmany\n", "words:1: frequency 'many'"), ("\n", "holds no word"), (None, "cannot be read")],
)
def test_bad_files_say_so(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "words"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(AnnotationError, match=message):
        read_word_counts(file)


@pytest.mark.parametrize(
    ("word", "folded"),
    [("Café", "cafe"), ("can't", "cant"), ("4TH", "0th"), ("ﬁsh", "fish"), ("$3.50", "000")],
)
def test_fold(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_other_alphabets_fold_to_their_own_letters() -> None:
    russian = letters_of(["Москва", "Ёлка", "йод", "дом"])
    assert russian == "авдеиклмос"
    assert fold("Ёлка-7!", russian) == "елка0"
    assert fold("OK", russian) == ""
    korean = letters_of(["출구", "화장실"])
    assert korean == "".join(sorted(set(decomposed("출구화장실"))))
    assert fold("출구 2", korean) == decomposed("출구") + "0"
    # Marks and rare strays do not make an alphabet.
    assert letters_of(["Straße", "Öl", "für"] * 9 + ["Ω"]) == LETTERS
    with pytest.raises(ConfigError, match="no word of letters"):
        letters_of(["12", "?!"])
    with pytest.raises(ConfigError, match="at most 1000"):
        letters_of(map(chr, range(0x4E00, 0x4E00 + 2000)))


def test_shares_and_powers() -> None:
    frequent = WordSource({"a": 9.0, "A": 7.0, "b": 4.0, "42": 100.0}, share=3.0, power=0.5)
    names = WordSource({"b": 1.0, "c": 50.0}, share=1.0, power=0.0)
    counts = fold_counts([frequent, names])
    # sqrt(16) and sqrt(4) of 6, by 3/4; then one half each, by 1/4.
    assert counts == pytest.approx({"a": 0.5, "b": 0.25 + 0.125, "c": 0.125})


def test_sources_from_a_command_line(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("one two", encoding="utf-8")
    source = WordSource.parse(f"{file}:0.25:0")
    assert (source.share, source.power, source.name) == (0.25, 0.0, "list")
    assert source.counts == WordSource.parse(str(file)).counts == {"one": 1.0, "two": 1.0}
    with pytest.raises(ConfigError, match="is not FILE"):
        WordSource.parse(f"{file}:much")


def test_sources_without_letters() -> None:
    with pytest.raises(ConfigError, match="no word of letters"):
        fold_counts([WordSource({"12": 1.0, "?!": 1.0})])
    with pytest.raises(ConfigError, match="above 0"):
        fold_counts([WordSource({"a": 1.0}, share=0.0)])
