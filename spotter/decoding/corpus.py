"""Word counts from frequency lists, name lists and running text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spotter.errors import AnnotationError, ConfigError

LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""The alphabet of the language models of languages that are written with Latin letters."""
DIGIT = "0"
MOST_LETTERS = 1000
"""Of the alphabet of a language model."""
_RAREST_LETTER = 1e-5
_PLAIN_FORMS = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": " ", "−": "-", "…": "..."}
)


def read_word_counts(path: str | Path) -> dict[str, float]:
    """Read the words of a file and their counts.

    Args:
        path: UTF-8 text. Lines ``word<TAB>frequency`` are a frequency list; any other line is
            running text (or a list of names), whose words, separated by white space, count 1 each.
            Two hyphens and the long dash separate words, too.

    Returns:
        Positive count by word, in the order of first appearance.

    Raises:
        AnnotationError: The file cannot be read, holds no word, or a frequency is no number.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise AnnotationError(f"{path}: words must be UTF-8 text.") from None
    counts: dict[str, float] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        word, tab, frequency = line.partition("\t")
        if tab:
            count = _number(frequency, path, number)
            if word.strip() and count > 0:
                counts[word.strip()] = counts.get(word.strip(), 0.0) + count
            continue
        for word in line.translate(_PLAIN_FORMS).replace("--", " ").split():
            counts[word] = counts.get(word, 0.0) + 1.0
    if not counts:
        raise AnnotationError(f"{path}: holds no word.")
    return counts


def _number(text: str, path: str | Path, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise AnnotationError(f"{path}:{line}: frequency {text!r} is no number.") from None


def fold(word: str, letters: str = LETTERS) -> str:
    """Fold a word to the alphabet of a language model: its letters, and ``0`` for every digit.

    Case and accents are folded, and syllables of Hangul become their letters; all other characters
    are dropped.

    Args:
        word: The word.
        letters: The alphabet, without digits.
    """
    return "".join(
        DIGIT if character.isdigit() else character
        for character in decomposed(word)
        if character in letters or character.isdigit()
    )


def decomposed(word: str) -> str:
    """A word in lower case, its accents and syllables of Hangul taken apart (NFKD)."""
    return word.lower() if word.isascii() else unicodedata.normalize("NFKD", word).lower()


def letters_of(words: Iterable[str]) -> str:
    """The alphabet of words: ``a`` to ``z`` where at least half of their letters are these.

    Otherwise all of their letters, in order, but for those that hardly occur.

    Raises:
        ConfigError: There is no letter, or there are more than a thousand.
    """
    counts = Counter(c for word in words for c in decomposed(word) if c.isalpha())
    total = counts.total()
    if 2 * sum(counts[letter] for letter in LETTERS) >= total > 0:
        return LETTERS
    found = "".join(sorted(c for c, count in counts.items() if count >= _RAREST_LETTER * total))
    if not found:
        raise ConfigError("the sources hold no word of letters")
    if len(found) > MOST_LETTERS:
        raise ConfigError(
            f"the words have {len(found)} letters; a language model has at most {MOST_LETTERS}"
        )
    return found


@dataclass(frozen=True)
class WordSource:
    """Words that a model is built from.

    Attributes:
        counts: Word to frequency, as :func:`read_word_counts` gives them.
        share: Weight of this source among all sources.
        power: Exponent of the frequencies: 1 keeps them, 0 makes all words equally frequent.
        name: What the model's card calls it.
    """

    counts: Mapping[str, float]
    share: float = 1.0
    power: float = 1.0
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> WordSource:
        """Read the file of ``FILE``, ``FILE:SHARE`` or ``FILE:SHARE:POWER``.

        Raises:
            ConfigError: Share or power is no number.
            AnnotationError: See :func:`read_word_counts`.
        """
        fields = re.fullmatch(r"(.+?)(?::([^:/\\]+))?(?::([^:/\\]+))?", text)
        path, share, power = fields.groups() if fields else (text, None, None)
        try:
            numbers = float(share or 1.0), float(power or 1.0)
        except ValueError:
            raise ConfigError(f"{text!r} is not FILE, FILE:SHARE or FILE:SHARE:POWER") from None
        return cls(read_word_counts(path), *numbers, Path(path).stem)


def fold_counts(
    sources: Iterable[WordSource], letters: str = LETTERS, longest: int = 25
) -> dict[str, float]:
    """Probability of each folded word over all sources; digits alone are left out.

    Args:
        sources: The sources; shares are normalised.
        letters: The alphabet.
        longest: Words that are longer, folded, are left out.

    Raises:
        ConfigError: A share is not positive, or no word is left.
    """
    merged: dict[str, float] = {}
    sources = list(sources)
    shares = sum(source.share for source in sources)
    for source in sources:
        if source.share <= 0:
            raise ConfigError(f"the share of {source.name or 'a source'} must be above 0")
        folded: dict[str, float] = {}
        for word, count in source.counts.items():
            token = fold(word, letters)
            if 0 < len(token) <= longest and token.strip(DIGIT):
                folded[token] = folded.get(token, 0.0) + count
        total = sum(count**source.power for count in folded.values())
        for token, count in folded.items():
            gain = source.share / shares * count**source.power / total
            merged[token] = merged.get(token, 0.0) + gain
    if not merged:
        raise ConfigError("the sources hold no word of letters")
    total = sum(merged.values())
    return {token: value / total for token, value in merged.items()}
