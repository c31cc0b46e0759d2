"""Words with accented letters: those of European languages, and accents put on any word."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import numpy as np

ACCENTED_WORDS = Path(__file__).with_name("accented_words.txt")
# Letters that Unicode does not compose of a letter and an accent, and what they resemble.
_WHOLE = {
    **{"ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H"},
    **{"ŧ": "t", "Ŧ": "T", "ı": "i", "æ": "a", "Æ": "A", "œ": "o", "Œ": "O", "ß": "s"},
    **{"þ": "p", "Þ": "P", "ð": "d", "Ð": "D", "ŋ": "n", "Ŋ": "N", "ĸ": "k", "ẞ": "S"},
}


def base_letter(char: str) -> str:
    """The unaccented letter that a character is built on or resembles, or the character itself."""
    if char in _WHOLE:
        return _WHOLE[char]
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() else char


@lru_cache(maxsize=1)
def accented_words() -> tuple[str, ...]:
    """The words that ship with us, each with an accented letter or an inverted mark."""
    words = ACCENTED_WORDS.read_text(encoding="utf-8").split()
    return tuple(word for word in words if not word.isascii())


@lru_cache(maxsize=8)
def accents_of(charset: str) -> dict[str, str]:
    """For every ASCII letter, its accented forms within a character set."""
    forms: dict[str, str] = {}
    for char in charset:
        base = base_letter(char)
        if char.isalpha() and base != char and base.isalpha():
            forms[base] = forms.get(base, "") + char
    return forms


def put_accents(rng: np.random.Generator, word: str, charset: str) -> str:
    """The word with accents of the character set on one or two of its letters.

    Args:
        rng: Source of all randomness.
        word: Any word.
        charset: Characters that the result may hold, those of ``word`` among them.

    Returns:
        The word itself where no letter of it has an accented form.
    """
    forms = accents_of(charset)
    places = [place for place, char in enumerate(word) if char in forms]
    letters = list(word)
    for _ in range(min(len(places), 1 + int(rng.random() * 2))):
        place = places[int(rng.random() * len(places))]
        choices = forms[word[place]]
        letters[place] = choices[int(rng.random() * len(choices))]
    return "".join(letters)


def without_accents(text: str) -> str:
    """The text with every accented letter replaced by the letter that it is built on."""
    return "".join(base_letter(char) for char in text)
