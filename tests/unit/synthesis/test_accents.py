import numpy as np

from spotter.charset import BUILTIN_CHARSETS
from spotter.synthesis.accents import (
    accented_words,
    accents_of,
    base_letter,
    put_accents,
    without_accents,
)
from spotter.synthesis.text import PRINTABLE, TextSource

LATIN = BUILTIN_CHARSETS["latin"]


def test_accents_are_taken_off():
    assert without_accents("Łódź, Señor Ørsted: 7°C") == "Lodz, Senor Orsted: 7°C"
    assert [base_letter(char) for char in "éßıA€"] == ["e", "s", "i", "A", "€"]


def test_the_words_are_accented_and_within_the_latin_charset():
    words = accented_words()
    assert len(words) > 400
    assert all(not word.isascii() for word in words)
    assert {char for word in words for char in word} <= set(LATIN)
    for letter in "äöüßéèêçñãõłżźćśčřžůåøæğışőűșțđāēģķļņėųħ":
        assert any(letter in word.lower() for word in words), letter


def test_accents_stay_within_the_charset():
    assert set(accents_of("abcéèöÉ")["e"]) == {"é", "è"}
    rng = np.random.default_rng(0)
    drawn = {put_accents(rng, "cat", "catàç") for _ in range(40)}
    assert drawn == {"càt", "çat", "çàt"}
    assert put_accents(rng, "xyz", "xyzé") == "xyz"


def shares(charset):
    source, rng = TextSource(charset=charset), np.random.default_rng(0)
    texts = [source.sample(rng) for _ in range(6000)]
    accented = [any(c.isalpha() and not c.isascii() for c in text) for text in texts]
    single = [len(text) == 1 for text in texts]
    marks = [any(not c.isalpha() for c in text) for text in texts]
    return np.mean(accented), np.mean(single), np.mean(marks)


def test_shares_of_what_words_hold():
    accented, single, marks = shares(LATIN)
    assert 0.04 < accented < 0.09
    assert 0.04 < single < 0.08
    assert 0.33 < marks < 0.47
    accented, single, marks = shares(PRINTABLE)
    assert accented == 0
    assert 0.04 < single < 0.08
    assert 0.33 < marks < 0.47


def test_latin_labels_hold_nearly_every_accented_letter():
    source, rng = TextSource(charset=LATIN), np.random.default_rng(0)
    drawn = {char for _ in range(10000) for char in source.sample(rng)}
    letters = {char for char in LATIN if char.isalpha()}
    assert len(letters - drawn) < 0.1 * len(letters)


def test_sentences_and_phrases():
    source, rng = TextSource(charset=LATIN), np.random.default_rng(0)
    sentences = [source.sentence(rng, 8) for _ in range(200)]
    assert all(1 <= len(words) <= 8 for words in sentences)
    assert all(word and " " not in word for words in sentences for word in words)
    assert np.mean([words[-1][-1] in ".?!:;" for words in sentences]) > 0.4
    phrases = [source.phrase(rng, 3) for _ in range(50)]
    assert {len(words) for words in phrases} == {3}
