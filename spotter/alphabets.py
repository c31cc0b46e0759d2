"""Named alphabets: the characters that the signs of a language or script are written with.

Each holds the printable ASCII characters first, in the order of the shipped recognizer, because
signs everywhere show digits, marks and Latin letters; only ``digits`` and ``numbers`` do not.
"""

from __future__ import annotations

import string
import unicodedata
from functools import cache

ASCII = string.digits + string.ascii_lowercase + string.ascii_uppercase + string.punctuation
"""Printable ASCII without the space."""

# Letters of Latin-1 and Latin Extended-A, the comma-below letters of Romanian, capital sharp s,
# and the signs met on signs and packages of the countries that write with them. The ligatures of
# IJ, the dotted L, the deprecated n-apostrophe and the long s are not written today, and NFKC
# spells them with other characters.
_LATIN = "".join(
    chr(code)
    for code in (*range(0xC0, 0x180), 0x218, 0x219, 0x21A, 0x21B, 0x1E9E)
    if chr(code) not in "×÷ĲĳĿŀŉſ"
)
_SIGNS = "¡¿§©®°·ªº«»“”„‘’–—…€£¥¢±×÷²³½¼¾™№"
_MARKS = "§°·–—…€"

_LETTERS: dict[str, str] = {
    "german": "äöüßẞ" + "„“”‚‘’«»",
    "french": "àâæçéèêëîïôœùûüÿ" + "«»“”’",
    "spanish": "áéíñóúü" + "¡¿ªº«»“”’",
    "portuguese": "áâãàçéêíóôõúü" + "ªº«»“”’",
    "italian": "àéèìíîòóùú" + "ªº«»“”’",
    "dutch": "áäéëíïóöúüèê" + "“”‘’",
    "nordic": "åäæöøáðéíóúýþ" + "«»“”„’",
    "polish": "ąćęłńóśźż" + "„“”«»’",
    "czech": "áčďéěíňóřšťúůýž" + "ľĺŕôä" + "„“”‚‘",
    "hungarian": "áéíóöőúüű" + "„”»«",
    "romanian": "ăâîșț" + "„”«»",
    "turkish": "çğıöşüâîû" + "“”’",
    "greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ" + "«»“”’",
    "russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя" + "«»„“”№",
    "ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя" + "«»„“”’№",
    "bulgarian": "абвгдежзийклмнопрстуфхцчшщъьюя" + "„“«»№",
    "serbian": "абвгдђежзијклљмнњопрстћуфхцчџш" + "„“”№",
}
_CYRILLIC = ("russian", "ukrainian", "bulgarian", "serbian")
# Belarusian, Macedonian, and those of Kazakh, Tatar and Mongolian.
_MORE_CYRILLIC = "ўѓѕќѐѝәғқңөұүһі"


def _with_capitals(characters: str) -> str:
    """Each letter, followed by its capital where that is one character."""
    found: list[str] = []
    for character in characters:
        upper = character.upper()
        # The capital sharp s stands in the list itself; the dotted I has a plain small form.
        pair = [character, upper] if len(upper) == 1 else [character]
        found += [c for c in pair if c not in found and c not in ASCII]
    return "".join(found)


def _korean() -> str:
    """The 2,350 syllables of KS X 1001, and the marks of Korean print."""
    syllables = (chr(code) for code in range(0xAC00, 0xD7A4))
    # The codec spells all other syllables with eight bytes.
    common = (syllable for syllable in syllables if len(syllable.encode("euc_kr")) == 2)
    return "".join(common) + "·“”‘’「」『』〈〉《》…₩℃"


@cache
def alphabets() -> dict[str, str]:
    """All alphabets by name; each character once, accents composed (NFC)."""
    named = {
        "digits": string.digits,
        "numbers": string.digits + "+-.,:/%*#()=$€£¥°",
        "english": ASCII + "“”‘’–—…£$€°",
        "latin": ASCII + _LATIN + _SIGNS,
    }
    for name, letters in _LETTERS.items():
        named[name] = ASCII + _with_capitals(letters) + _MARKS
    named["turkish"] += "İ"
    cyrillic = "".join(_LETTERS[name] for name in _CYRILLIC) + _MORE_CYRILLIC
    named["cyrillic"] = ASCII + _with_capitals(cyrillic) + _MARKS
    named["korean"] = ASCII + _korean()
    return {name: _once(characters) for name, characters in named.items()}


def _once(characters: str) -> str:
    return "".join(dict.fromkeys(unicodedata.normalize("NFC", characters)))
