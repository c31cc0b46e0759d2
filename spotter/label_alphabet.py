"""What the labels of a data set can express, and what they leave out.

A word set labelled with letters and digits only shows ``Don't!`` and says ``Dont``. Training must
not teach that the marks are absent, and scoring must not call them errors. So a data set names its
label alphabet; :meth:`LabelAlphabet.project` gives what its labels would say of a text.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from spotter.charset import BUILTIN_CHARSETS, Charset
from spotter.errors import CharsetError


@dataclass(frozen=True)
class LabelAlphabet:
    """The characters that labels are written with.

    Attributes:
        characters: Every character that labels may hold; empty: any character, none is left out.
        case: Whether the labels tell upper from lower case. ``False`` where letters of either case
            are written in one; with letters of both cases in ``characters``, in lower case.

    Raises:
        CharsetError: ``characters`` has a duplicate or a control character; or it has letters of
            one case only and ``case`` says that they can be told.
    """

    characters: str = ""
    case: bool = True

    def __post_init__(self) -> None:
        charset = self._charset
        if charset is not None and self.case and charset.has_upper != charset.has_lower:
            raise CharsetError(
                f"a label alphabet with letters of one case only cannot tell case: "
                f"{self.characters!r} needs case=False"
            )

    @classmethod
    def load(cls, source: str | Mapping[str, Any] | LabelAlphabet) -> LabelAlphabet:
        """An alphabet by its name.

        Args:
            source: ``"36"`` (digits and letters, written in lower case), ``"62"`` (digits and
                letters with case), ``"upper"`` (digits and letters, written in upper case),
                ``"94"`` (printable ASCII; spaces are left out), ``"latin"`` (94, accented letters
                and common signs) or ``"any"`` (nothing is left out); a mapping with
                ``characters`` and ``case``; an alphabet is returned as it is.

        Raises:
            CharsetError: There is no such alphabet, or a mapping does not define one.
        """
        if isinstance(source, LabelAlphabet):
            return source
        if isinstance(source, Mapping):
            try:
                return cls(**source)
            except TypeError as error:
                raise CharsetError(f"no label alphabet {dict(source)!r}: {error}") from None
        if str(source) not in LABEL_ALPHABETS:
            names = ", ".join(LABEL_ALPHABETS)
            raise CharsetError(f"no label alphabet {str(source)!r}: give one of {names}")
        return LABEL_ALPHABETS[str(source)]

    @classmethod
    def of_words(cls, characters: str) -> LabelAlphabet | None:
        """What labels of words can express to a recognizer: all of its characters but the space.

        Args:
            characters: Those of the recognizer.

        Returns:
            ``None`` if there is no space among them: nothing is left out.
        """
        if " " not in characters:
            return None
        charset = Charset(characters).without_space()
        return cls(charset.characters, charset.has_upper == charset.has_lower)

    @cached_property
    def _charset(self) -> Charset | None:
        return Charset(self.characters) if self.characters else None

    def project(self, text: str) -> str:
        """What labels of this alphabet say of a text.

        Accents are composed (NFC), characters that the labels leave out are removed, and letters
        are written in the labels' one case where they do not tell it. Projecting twice changes
        nothing.

        Args:
            text: Any text, such as a reading with all its marks.
        """
        if self._charset is None:
            projected = unicodedata.normalize("NFC", text)
        else:
            projected = self._charset.normalize(text)
        if self.case or (self._charset is not None and not self._charset.has_lower):
            return projected
        return projected.lower()

    def __contains__(self, character: object) -> bool:
        """Whether labels tell of a character, in whatever case they write it."""
        return isinstance(character, str) and self.project(character) != ""


#: The alphabets that data sets name.
LABEL_ALPHABETS = {
    "36": LabelAlphabet(BUILTIN_CHARSETS["36"], case=False),
    "62": LabelAlphabet(BUILTIN_CHARSETS["62"]),
    "upper": LabelAlphabet(string.digits + string.ascii_uppercase, case=False),
    "94": LabelAlphabet(BUILTIN_CHARSETS["94"]),
    "latin": LabelAlphabet(BUILTIN_CHARSETS["latin"]),
    "any": LabelAlphabet(),
}
