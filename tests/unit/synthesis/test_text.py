import string
import unicodedata

import numpy as np
import pytest

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.synthesis.text import MAX_LENGTH, PRINTABLE, RARE_KINDS, TextSource, open_text_source


def draws(source, count, seed=0):
    rng = np.random.default_rng(seed)
    return [source.sample(rng) for _ in range(count)]


def test_labels_are_short_printable_and_without_spaces(source):
    texts = draws(source, 3000)
    assert all(1 <= len(text) <= MAX_LENGTH for text in texts)
    assert set("".join(texts)) == set(PRINTABLE)
    assert len(PRINTABLE) == 94


def test_the_same_state_gives_the_same_labels(source):
    assert draws(source, 50, seed=3) == draws(source, 50, seed=3)
    assert draws(source, 50, seed=3) != draws(source, 50, seed=4)


def test_words_of_a_list_are_composed(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text(unicodedata.normalize("NFD", "출구\nÖl\n"), encoding="utf-8")
    found = TextSource(words, charset="출구Öl", kinds={"word": 1})
    assert {text.casefold() for text in draws(found, 50)} == {"출구", "öl"}


def test_the_mixture_holds_what_signs_say(source):
    texts = draws(source, 4000)
    letters = [text for text in texts if text.isalpha() and len(text) > 2]
    assert 0.35 < sum(text.isupper() for text in letters) / len(letters) < 0.6
    for sought in ("www.", "@", "$", ":", "-", "."):
        assert any(sought in text for text in texts), sought
    assert 0.07 < sum(text.isdigit() for text in texts) / len(texts) < 0.2


def test_only_the_kinds_that_are_asked_for_are_drawn():
    marked = draws(TextSource(kinds={"marked": 1}), 200)
    assert {text[-1] for text in marked} == set(";:,.!?")
    assert all(text[:-1].isalnum() for text in marked)
    mixed = draws(TextSource(kinds={"marked": 1, "clock": 3}), 400)
    assert 0.65 < sum(text[0].isdigit() for text in mixed) / len(mixed) < 0.85


@pytest.mark.parametrize(
    "kinds",
    [{"words": 1.0}, {"word": -1.0}, {"word": 0.0}, {"word": float("nan")}, {"accented": 1.0}],
)
def test_kinds_that_draw_nothing_are_refused(kinds):
    # There are no accented words within ASCII.
    with pytest.raises(ConfigError, match="kind"):
        TextSource(kinds=kinds)


def test_the_rare_mixture_holds_more_of_what_is_rare(source):
    latin = Charset.load("latin").characters
    usual = draws(TextSource(charset=latin), 2000)
    rare = draws(TextSource(charset=latin, kinds=RARE_KINDS), 2000)

    def share(texts, counts):
        return sum(map(counts, texts)) / len(texts)

    assert share(rare, lambda text: not text.isascii()) > 0.3
    for counts in (lambda text: "@" in text or "www." in text, lambda text: text[-1:] in ",.;:!?"):
        assert share(rare, counts) > 1.3 * share(usual, counts)
    assert all(text.isascii() for text in draws(TextSource(kinds=RARE_KINDS), 300))


def test_a_charset_is_never_left():
    charset = string.ascii_lowercase + string.digits
    assert set("".join(draws(TextSource(charset=charset), 500))) <= set(charset)


def test_frequencies_are_flattened(tmp_path):
    (tmp_path / "words.tsv").write_text("often\t32\nrarely\t1\n")
    texts = [t.lower() for t in draws(TextSource(tmp_path / "words.tsv"), 4000)]
    often, rarely = texts.count("often"), texts.count("rarely")
    # 32 ** 0.6 = 8 to 1 in 85 of 100 draws, even in the others: 0.85 * 8 / 9 + 0.15 / 2.
    assert often / (often + rarely) == pytest.approx(0.8306, abs=0.025)


def test_files_are_told_apart_by_what_they_hold(tmp_path):
    (tmp_path / "words.tsv").write_text("tea\t1\n")
    (tmp_path / "names.txt").write_text("Zyx Qwv\n")
    (tmp_path / "book.txt").write_text("they said “pqrs” and went away to the far side again " * 40)
    texts = set(draws(open_text_source([str(tmp_path)]), 2000))
    assert {"Zyx", "Qwv", '"pqrs"'} <= texts
    assert {"tea", "TEA", "Tea"} <= texts


def test_words_outside_the_charset_are_skipped(tmp_path):
    (tmp_path / "words.tsv").write_text("naïve\t1\nplain\t1\n")
    texts = draws(TextSource(tmp_path / "words.tsv"), 300)
    assert any("plain" in text.lower() for text in texts)
    assert not any("ve" in text.lower() and len(text) == 5 and text.isalpha() for text in texts)


@pytest.mark.parametrize(
    ("content", "message"),
    [("tea\tmany\n", r"words\.tsv:1: frequency 'many'"), ("日本\t1\n", "no word of")],
)
def test_bad_lists_are_one_line_of_error(tmp_path, content, message):
    (tmp_path / "words.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        TextSource(tmp_path / "words.tsv")


def test_missing_files_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.txt"):
        open_text_source([str(tmp_path / "nowhere.txt")])
    with pytest.raises(ConfigError, match=r"no \.tsv or \.txt"):
        open_text_source([str(tmp_path)])
