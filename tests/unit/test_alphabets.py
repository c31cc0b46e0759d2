"""Named alphabets spell the words of their languages."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from spotter.alphabets import alphabets
from spotter.charset import Charset

WORDS = {
    "german": "Straße GROẞ Übergröße „Käse“ 5,90€",
    "french": "Œuvre ÇA où naïf l'été À",
    "spanish": "¿Mañana? ¡Adiós! pingüino",
    "polish": "ŻÓŁĆ zażółć gęślą",
    "turkish": "İstanbul Iğdır ŞİŞLİ",
    "greek": "Ελληνικά ΕΞΟΔΟΣ έξοδος ΐ",
    "russian": "Выход ЁЛКА съезд №5",
    "ukrainian": "Їжак Ґанок об'єкт Євро",
    "serbian": "Љубав Његош ЏЕП Ћевапи",
    "cyrillic": "Ўсё Қазақ Ѓорче Выход",
    "korean": "출구 화장실 서울역 「안내」 ₩5,000",
    "digits": "0123456789",
    "numbers": "-12.5% £3",
}


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_alphabets_spell_their_words(name: str, words: str) -> None:
    charset = Charset.load(name)
    for word in words.split():
        assert charset.normalize(word, unknown="refuse") == word


def test_alphabets_are_composed_and_start_with_ascii() -> None:
    for name, characters in alphabets().items():
        assert unicodedata.normalize("NFC", characters) == characters, name
        assert len(set(characters)) == len(characters), name
        if name not in ("digits", "numbers"):
            assert characters.startswith(alphabets()["english"][:94]), name


def test_korean_holds_the_syllables_of_the_standard() -> None:
    hangul = [c for c in alphabets()["korean"] if "가" <= c <= "힣"]
    assert len(hangul) == 2350
    assert "뷁" not in hangul  # KS X 1001 lacks it
    assert alphabets()["digits"] == "0123456789"


def test_the_shipped_alphabet_has_the_letters_of_the_languages_that_the_docs_name() -> None:
    latin = set(alphabets()["latin"])
    page = Path(__file__).parents[2] / "docs/model_zoo.md"
    text = page.read_text(encoding="utf-8").partition("## Languages and limits")[2]
    named = " ".join(text.partition("Having a letter")[0].lower().split())
    names = set(alphabets()) - {"digits", "numbers", "latin"}
    spelled = {n for n in names if not {c for c in alphabets()[n] if c.isalpha()} - latin}
    assert {n for n in names if n in named} == spelled
