"""Character sets."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from spotter.alphabets import ASCII, alphabets
from spotter.errors import CharsetError

_DIGITS_LOWER = string.digits + string.ascii_lowercase

BUILTIN_CHARSETS = {
    "36": _DIGITS_LOWER,
    "62": _DIGITS_LOWER + string.ascii_uppercase,
    "94": ASCII,
    **alphabets(),
    "latin_spaces": alphabets()["latin"] + " ",
}
"""Sets by name: 36, 62, 94 (printable ASCII), the alphabets of :mod:`spotter.alphabets`, and
``latin_spaces``, for recognizers that tell where a space parts two words."""


class Charset:
    """An ordered set of characters.

    Args:
        characters: The characters in the order of their indices; each one code point.

    Raises:
        CharsetError: If the set is empty, or holds a duplicate or a control character.
    """

    def __init__(self, characters: str | Iterable[str]) -> None:
        self.characters = "".join(characters)
        if not self.characters:
            raise CharsetError("the character set is empty")
        self._index = {character: i for i, character in enumerate(self.characters)}
        if len(self._index) != len(self.characters):
            doubles = sorted({c for c in self.characters if self.characters.count(c) > 1})
            raise CharsetError(f"the character set has duplicates: {' '.join(map(repr, doubles))}")
        for character in self.characters:
            if unicodedata.category(character) in ("Cc", "Cs"):
                raise CharsetError(f"the character set holds a control character: {character!r}")
        self.has_upper = any(c.isupper() for c in self.characters)
        self.has_lower = any(c.islower() for c in self.characters)

    @classmethod
    def load(cls, source: str | Path | Charset) -> Charset:
        """A set by its name or from a file.

        Args:
            source: ``"36"`` (digits, lower case), ``"62"`` (and upper case), ``"94"`` (printable
                ASCII without the space), an alphabet such as ``"latin"`` or ``"korean"``
                (:mod:`spotter.alphabets`), or a UTF-8 text file: one character per line, or all of
                them on a single line; accents are composed (NFC). A ``Charset`` is returned as it
                is.

        Raises:
            CharsetError: If there is no such set or file, or the file's layout is neither.
        """
        if isinstance(source, Charset):
            return source
        if str(source) in BUILTIN_CHARSETS:
            return cls(BUILTIN_CHARSETS[str(source)])
        path = Path(source)
        if not path.is_file():
            names = ", ".join(BUILTIN_CHARSETS)
            raise CharsetError(f"no character set {str(source)!r}: give one of {names}, or a file")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CharsetError(f"{path}: not a readable UTF-8 text file ({error})") from None
        text = unicodedata.normalize("NFC", text)
        lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
        if len(lines) > 1:
            for number, line in enumerate(lines, 1):
                if len(line) != 1:
                    raise CharsetError(f"{path}: line {number}: {line!r} is not one character")
        try:
            return cls("".join(lines))
        except CharsetError as error:
            raise CharsetError(f"{path}: {error}") from None

    def without_space(self) -> Charset:
        """The set without the space; the same one if it has none."""
        return Charset(self.characters.replace(" ", "")) if " " in self else self

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Charset) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Charset({self.characters!r})"

    def index(self, character: str) -> int:
        """Index of a character, 0..C-1.

        Raises:
            CharsetError: If the set does not hold it.
        """
        try:
            return self._index[character]
        except KeyError:
            raise CharsetError(f"{character!r} is not in the character set") from None

    def normalize(self, text: str, unknown: str = "drop") -> str:
        """The text as this set can spell it.

        Composes accents (NFC); folds case if the set has only one of the two cases; spells
        compatibility characters (full-width letters, ligatures) by their NFKC form.

        Args:
            text: Any text.
            unknown: What to do with a character that remains outside the set: ``"drop"`` it or
                ``"refuse"`` the text.

        Raises:
            CharsetError: If ``unknown="refuse"`` and a character is outside the set.
        """
        if unknown not in ("drop", "refuse"):
            raise CharsetError(f"unknown must be 'drop' or 'refuse', not {unknown!r}")
        spelled = []
        for character in unicodedata.normalize("NFC", text):
            known = self._spell(character)
            if known is None and unknown == "refuse":
                raise CharsetError(f"{character!r} of {text!r} is not in the character set")
            spelled.append(known or "")
        return "".join(spelled)

    def unspellable(self, text: str) -> str:
        """The characters of a text that this set has no form of.

        White space is none of them, nor are marks where the set has letters and digits only: such
        a set is to read words without their marks.

        Args:
            text: Any text.
        """
        only_letters = self.characters.isalnum()
        return "".join(
            character
            for character in unicodedata.normalize("NFC", text)
            if self._spell(character) is None
            and not character.isspace()
            and not (only_letters and not character.isalnum())
        )

    def _spell(self, character: str) -> str | None:
        for form in (character, unicodedata.normalize("NFKC", character)):
            folded = form
            if not self.has_upper:
                folded = form.lower()
            elif not self.has_lower:
                folded = form.upper()
            for candidate in (form, folded):
                if all(c in self._index for c in candidate):
                    return candidate
        return None
