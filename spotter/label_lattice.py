"""The readings that a label allows when its alphabet leaves out marks or case.

The label ``its`` of a data set labelled with letters and digits may stand on a picture of ``its``,
``it's`` or ``its,``; the label ``HOTEL`` of one labelled in upper case on ``Hotel``. All of these
readings are the paths of a lattice: each character of the label in every form that the label
alphabet writes like it, and characters that it leaves out before, between and after them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from spotter.errors import CharsetError
from spotter.label_alphabet import LabelAlphabet


@dataclass(frozen=True)
class LabelLattice:
    """Token classes of a CTC recognizer, as a label allows them; class 0 is the blank.

    Attributes:
        steps: Per character of the label, the classes of all characters that the label alphabet
            writes like it.
        marks: Classes of the characters that the label alphabet leaves out.
    """

    steps: tuple[tuple[int, ...], ...]
    marks: tuple[int, ...]

    @classmethod
    def of(cls, label: str, alphabet: LabelAlphabet, characters: str) -> LabelLattice:
        """The lattice of a label.

        Args:
            label: What the annotation says, written in ``alphabet`` or with more than it.
            alphabet: What the labels of its data set can express.
            characters: The recognizer's characters; ``characters[i]`` is class i + 1.

        Raises:
            CharsetError: ``characters`` has no form of one of the label's characters.
        """
        forms, marks = _classes(alphabet, characters)
        steps = []
        for character in write_label(label, alphabet):
            if character not in forms:
                raise CharsetError(f"{character!r} of {label!r} is not in the character set")
            steps.append(forms[character])
        return cls(tuple(steps), marks)


def leaves_out(alphabet: LabelAlphabet, characters: str) -> bool:
    """Whether labels of an alphabet say less than a recognizer of these characters can."""
    forms, marks = _classes(alphabet, characters)
    return bool(marks) or any(len(classes) > 1 for classes in forms.values())


def write_label(text: str, alphabet: LabelAlphabet) -> str:
    """What an annotator with this alphabet writes for a text.

    As :meth:`LabelAlphabet.project`, but an accented letter that the alphabet lacks is written
    without its accent (``CITROËN`` as ``CITROEN``), as word lists of Latin letters do.

    Args:
        text: Any text, such as a reading with all its marks.
        alphabet: What the labels can express.
    """
    return "".join(
        alphabet.project(character) or alphabet.project(_without_accent(character))
        for character in unicodedata.normalize("NFC", text)
    )


def _without_accent(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    return decomposed[0] if len(decomposed) > 1 and decomposed[0].isalpha() else ""


@lru_cache(maxsize=64)
def _classes(
    alphabet: LabelAlphabet, characters: str
) -> tuple[dict[str, tuple[int, ...]], tuple[int, ...]]:
    """Classes by the label character that they are written as, and the classes left out.

    A character that labels write as several (``™`` as ``TM``) is neither: a label cannot tell it
    from those.
    """
    forms: dict[str, list[int]] = {}
    marks = []
    for token, character in enumerate(characters, start=1):
        written = write_label(character, alphabet)
        if not written:
            marks.append(token)
        elif len(written) == 1:
            forms.setdefault(written, []).append(token)
    return {written: tuple(classes) for written, classes in forms.items()}, tuple(marks)
