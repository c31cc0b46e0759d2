"""Words of scripts that a recognizer does not read, for it to learn that there is nothing to read.

Letters are drawn at random, as their look matters and not what they say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from spotter.errors import ConfigError
from spotter.synthesis.fonts import FontBank, FontTraits

_LOOKALIKES = 0.35  # share of letters that look like Latin ones, in scripts that have some


@dataclass(frozen=True)
class Script:
    """Letters of a script and the words that are made of them.

    Attributes:
        letters: Those that look unlike Latin ones.
        share: How often its words come.
        longest: Most letters of a word.
        lookalikes: Letters that a Latin one resembles, small or capital; a word has others, too.
        cased: Whether words come in capitals, small letters, or with a capital first.
    """

    letters: str
    share: float
    longest: int
    lookalikes: str = ""
    cased: bool = False

    def word(self, rng: np.random.Generator) -> str:
        """Some letters, at random."""
        length = 1 + int(rng.random() * self.longest)
        if not self.lookalikes:
            return "".join(self.letters[int(v * len(self.letters))] for v in rng.random(length))
        length = max(length, 3)
        pools = [
            self.lookalikes if value < _LOOKALIKES else self.letters for value in rng.random(length)
        ]
        pools[int(rng.random() * length)] = self.letters
        values = zip(pools, rng.random(length), strict=True)
        word = "".join(pool[int(value * len(pool))] for pool, value in values)
        shape = rng.random() if self.cased else 1.0
        return word.upper() if shape < 0.5 else word if shape < 0.8 else word.capitalize()


def _between(first: str, last: str) -> str:
    """Letters of a range of Unicode, without those that are not assigned."""
    points = map(chr, range(ord(first), ord(last) + 1))
    return "".join(char for char in points if unicodedata.category(char).startswith("L"))


def _frequent(encoding: str, rows: range) -> str:
    """The characters of rows of a national character set of two bytes."""
    codes = (bytes([row, column]) for row in rows for column in range(0xA1, 0xFF))
    return "".join(code.decode(encoding, errors="ignore") for code in codes)


@cache
def scripts() -> dict[str, Script]:
    """The scripts by name, with the letters that are in use today."""
    return {
        # Level 1 of GB 2312: the 3,755 most frequent characters.
        "han": Script(_frequent("gb2312", range(0xB0, 0xD8)), 0.30, 6),
        "kana": Script(_between("あ", "ん") + _between("ア", "ン"), 0.09, 7),
        # KS X 1001: the 2,350 most frequent syllables.
        "hangul": Script(_frequent("euc_kr", range(0xB0, 0xC9)), 0.11, 5),
        "cyrillic": Script("бгджзийлпфцчшщъыьэюя", 0.23, 10, "авекмнорстух", cased=True),
        "greek": Script("γδθλξπσφψω", 0.09, 9, "αβεζηικμνορτυχ", cased=True),
        "hebrew": Script(_between("א", "ת"), 0.06, 6),
        "arabic": Script(_between("ا", "غ") + _between("ف", "ي"), 0.07, 6),
        "thai": Script(_between("ก", "ฮ"), 0.05, 7),
    }


class ScriptFontBank(FontBank):
    """Fonts of which nothing is asked but to draw the letters of some script."""

    def _measure(self, font: int) -> FontTraits:
        legible = 0.0 if self.face(font, 16) is None else 1.0
        return FontTraits(frozenset(), legible, "both")

    def _draws_char(self, font: int, char: str) -> bool:
        return self.has(font, char)

    def spelled(self, font: int, text: str) -> str:
        """Letters in the order of reading, in their plain forms."""
        if unicodedata.bidirectional(text[0]) in ("R", "AL"):
            return unicodedata.normalize("NFKC", text)[::-1]
        return text


class OtherScripts:
    """A source of texts, like :class:`spotter.synthesis.text.TextSource`, of other scripts.

    Args:
        fonts: Scripts that none of them draws are left out.

    Raises:
        ConfigError: None draws any.
    """

    def __init__(self, fonts: ScriptFontBank) -> None:
        self.scripts = [each for each in scripts().values() if _drawn(fonts, each)]
        if not self.scripts:
            raise ConfigError(
                f"none of the fonts draws {', '.join(scripts())}; name fonts that do (--fonts)"
            )
        shares = np.array([each.share for each in self.scripts])
        self._edges = np.cumsum(shares / shares.sum())

    def sample(self, rng: np.random.Generator) -> str:
        """One text, from left to right: words that run from right to left are given reversed.

        Args:
            rng: Source of all randomness: the same state gives the same text.
        """
        place = int(np.searchsorted(self._edges, rng.random()))
        word = self.scripts[min(place, len(self.scripts) - 1)].word(rng)
        return joined(word)[::-1] if unicodedata.bidirectional(word[0]) in ("R", "AL") else word


def _drawn(fonts: ScriptFontBank, script: Script) -> bool:
    """Whether any of the fonts draws the first and the last of its letters."""
    ends = script.letters[0] + script.letters[-1]
    return any(fonts.draws(font, ends) for font in range(len(fonts)))


@cache
def _forms() -> dict[tuple[str, str], str]:
    """Arabic letters and where they stand in a word to the character that looks so."""
    forms = {}
    for char in map(chr, range(0xFE80, 0xFEFD)):
        place, _, code = unicodedata.decomposition(char).partition(" ")
        if code and " " not in code:
            forms[chr(int(code, 16)), place.strip("<>")] = char
    return forms


def joined(word: Sequence[str]) -> str:
    """Arabic letters in the forms that they take in a word; others as they are."""
    forms = _forms()
    shaped = []
    for place, char in enumerate(word):
        # Some letters are not joined to what follows: they have no initial form.
        before = place > 0 and (word[place - 1], "initial") in forms
        after = place + 1 < len(word) and (char, "initial") in forms
        form = ("medial" if after else "final") if before else "initial" if after else "isolated"
        shaped.append(forms.get((char, form), char))
    return "".join(shaped)
