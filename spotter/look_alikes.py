"""Characters that look like others: what a recognizer may take a new character for at first."""

from __future__ import annotations

import unicodedata

# Letters whose shape is that of a Latin letter or a digit, or close to it; those that Unicode
# composes of a letter and an accent are found without a table.
_SHAPES = {
    **dict(zip("АВЕЅЗІЈКМНОРСТУХЬБ", "ABES3IJKMHOPCTYXb6", strict=True)),
    **dict(zip("аеіјкморсѕтухнгпиьв", "aeijkmopcsTyxHrnubB", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    **dict(zip("αβγηικνορτυχως", "aßynikvopTuxwc", strict=True)),
    **dict(zip("øØđĐłŁħĦŧŦıæÆœŒßẞþÞðŋŊ", "oOdDlLhHtTiaAoOBßpPdnN", strict=True)),
    **dict(zip("‘’‚“”„«»–—…·", '\'\',"""<>--..', strict=True)),
}


def look_alikes(character: str) -> tuple[str, ...]:
    """Characters that a character looks like, the likest first; often none.

    Args:
        character: One code point, such as ``"Ё"``: ``("Ë", "Е", "E")``.
    """
    letters = unicodedata.normalize("NFD", character)
    base, marks = letters[0], letters[1:]
    shape = _SHAPES.get(base, base)
    composed = (unicodedata.normalize("NFC", letter + marks) for letter in (shape, base))
    found = dict.fromkeys([*composed, base, shape])
    return tuple(other for other in found if len(other) == 1 and other != character)
