"""Texts of synthetic words: frequent words, names, prices, dates, addresses, codes.

The mixture follows what is seen on photos of streets, products, pages and screens: signs are short
and often in capitals, a third of all words holds a digit or a mark, punctuation sticks to the words
of running text, single characters and accented letters come now and then.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from spotter.errors import ConfigError
from spotter.synthesis import codes, formats
from spotter.synthesis.accents import accented_words, put_accents

PRINTABLE = string.digits + string.ascii_letters + string.punctuation
# Alphabets so many times as large as ASCII: their rare characters would hardly ever come.
_LARGE, _RANDOM_OF_LARGE = 8, 0.25
TEXT_KINDS: dict[str, float] = {
    "word": 0.46,
    "name": 0.10,
    "sentence": 0.11,
    "integer": 0.05,
    "signed": 0.025,
    "percent": 0.01,
    "price": 0.035,
    "date": 0.025,
    "clock": 0.02,
    "phone": 0.02,
    "address": 0.02,
    "code": 0.035,
    "measure": 0.02,
    "ordinal": 0.01,
    "source_code": 0.015,
    "compound": 0.01,
    "single": 0.035,
    "accented": 0.04,
    "random": 0.04,
}
"""What labels say, with its weight.

``"marked"``, a word with one mark at its end, each as often, can be asked for besides.
"""

RARE_KINDS: dict[str, float] = {
    "accented": 0.40,
    "word": 0.12,
    "sentence": 0.05,
    "marked": 0.10,
    "source_code": 0.06,
    "address": 0.05,
    "code": 0.03,
    "single": 0.07,
    "price": 0.04,
    "date": 0.03,
    "clock": 0.03,
    "measure": 0.02,
}
"""What :data:`TEXT_KINDS` has few of."""

WORDLIST = Path(__file__).with_name("wordlist.txt")
MAX_LENGTH = 32


_PLAIN_FORMS = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "…": "."}
)
_TAILS = (",", ",", ",", ".", ".", ".", "!", "!", "?", ":", ";", "...", "-", "'s", "'s", "*")
_END_MARKS = ";:,.!?"
_BRACKETS = (("(", ")"), ('"', '"'), ("'", "'"), ("[", "]"), ("<", ">"), ("*", "*"), ("{", "}"))


def _read_lines(path: str | Path) -> list[str]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the word list {path}: {error}") from None
    # Alphabets are composed; the letters of some lists, such as Hunspell's of Korean, are not.
    return unicodedata.normalize("NFC", text).splitlines()


class TextSource:
    """Draws labels of at most 32 characters, without spaces.

    Args:
        words_tsv: File with a word and, after a tab, its relative frequency, one per line; a
            missing frequency counts as 1. Default: a short English list that ships with us.
        brands: File with one name per line; names of several words are drawn word by word.
        books: File of running text; its words keep the punctuation that is attached to them.
        charset: Characters that a label may hold; words with any other are skipped.
        kinds: Names of :data:`TEXT_KINDS` with their weights; default: all with the weights there.

    Raises:
        ConfigError: A file cannot be read, no word is left within ``charset``, or a kind is
            unknown or can draw nothing from these files.
    """

    def __init__(
        self,
        words_tsv: str | Path | None = None,
        brands: str | Path | None = None,
        books: str | Path | None = None,
        charset: str = PRINTABLE,
        kinds: Mapping[str, float] | None = None,
    ) -> None:
        self.charset = charset
        self._allowed = frozenset(charset)
        self._words, self._cumulative = self._read_frequencies(words_tsv)
        names = [] if brands is None else _read_lines(brands)
        self._names = [part for name in names for part in self._parts(name)]
        self._books = "" if books is None else "\n".join(_read_lines(books))
        foreign = (word.translate(_PLAIN_FORMS) for word in accented_words())
        self._accents = [word for word in foreign if self._allowed.issuperset(word)]
        self._kinds, self._kind_edges = self._mixture(kinds)

    def _mixture(
        self, kinds: Mapping[str, float] | None
    ) -> tuple[list[Callable[[np.random.Generator], str]], np.ndarray]:
        makers: dict[str, Callable[[np.random.Generator], str]] = {
            "word": self._word,
            "name": self._name,
            "sentence": self._sentence_piece,
            "marked": self._marked,
            "integer": formats.integer,
            "signed": formats.signed,
            "percent": formats.percent,
            "price": formats.price,
            "date": formats.date,
            "clock": formats.clock,
            "phone": formats.phone,
            "address": self._address,
            "code": codes.code,
            "measure": formats.measure,
            "ordinal": formats.ordinal,
            "source_code": self._code_token,
            "compound": self._compound,
            "single": formats.single,
            "accented": self._accented,
            "random": self._random,
        }
        weights = dict(TEXT_KINDS if kinds is None else kinds)
        for name in weights:
            if name not in makers:
                raise ConfigError(f'text kind "{name}" is not one of {", ".join(makers)}')
        if not self._names:
            weights.pop("name", None)
        if not self._accents:
            weights.pop("accented", None)
        if kinds is None and len(self.charset) >= _LARGE * len(PRINTABLE):
            weights["random"] = _RANDOM_OF_LARGE
        if not weights or min(weights.values()) < 0 or not sum(weights.values()) > 0:
            raise ConfigError(f"no text can be drawn of kinds {', '.join(kinds or TEXT_KINDS)}")
        edges = np.cumsum(list(weights.values()))
        return [makers[name] for name in weights], edges / edges[-1]

    def _read_frequencies(self, path: str | Path | None) -> tuple[list[str], np.ndarray]:
        words, counts = [], []
        for number, line in enumerate(_read_lines(path or WORDLIST), 1):
            fields = line.split("\t") if path else line.split()
            try:
                count = float(fields[1]) if path and len(fields) > 1 else 1.0
            except ValueError:
                raise ConfigError(
                    f"{path}:{number}: frequency {fields[1]!r} is no number"
                ) from None
            for field in fields[:1] if path else fields:
                parts = self._parts(field)
                if len(parts) == 1:
                    words.append(parts[0])
                    counts.append(count)
        if not words:
            raise ConfigError(f"no word of {path or WORDLIST.name} lies within the character set")
        # A power of the frequency: a rare word still comes now and then, and function words do not
        # drown all others.
        return words, np.cumsum(np.array(counts) ** 0.6)

    def _parts(self, text: str) -> list[str]:
        parts = text.translate(_PLAIN_FORMS).split()
        return [part[:MAX_LENGTH] for part in parts if self._allowed.issuperset(part)]

    def allows(self, text: str) -> bool:
        """Whether a label may hold every character of a text."""
        return self._allowed.issuperset(text)

    def sample(self, rng: np.random.Generator) -> str:
        """One label, 1 to 32 characters of the character set, no spaces.

        Args:
            rng: Source of all randomness: the same state gives the same label.
        """
        for _ in range(100):
            kind = int(np.searchsorted(self._kind_edges, rng.random() * self._kind_edges[-1]))
            text = self._kinds[min(kind, len(self._kinds) - 1)](rng)[:MAX_LENGTH]
            if text and self._allowed.issuperset(text):
                return text
        return self._random(rng)

    def _word(self, rng: np.random.Generator) -> str:
        plain = rng.random() < 0.85
        if plain:
            index = int(np.searchsorted(self._cumulative, rng.random() * self._cumulative[-1]))
        else:
            index = int(rng.random() * len(self._words))
        return _styled(self._words[min(index, len(self._words) - 1)], rng)

    def _name(self, rng: np.random.Generator) -> str:
        name = self._names[int(rng.random() * len(self._names))]
        return name.upper() if rng.random() < 0.4 else name

    def _sentence_piece(self, rng: np.random.Generator) -> str:
        if self._books and rng.random() < 0.7:
            piece = (self._book_words(rng, 1) or [""])[0]
            return piece.upper() if rng.random() < 0.25 else piece
        word = self._word(rng)
        if rng.random() < 0.75:
            return word + pick_tail(rng)
        left, right = _BRACKETS[int(rng.random() * len(_BRACKETS))]
        shape = rng.random()
        return left + word if shape < 0.3 else word + right if shape < 0.6 else left + word + right

    def _marked(self, rng: np.random.Generator) -> str:
        return self._plain_word(rng) + _END_MARKS[int(rng.random() * len(_END_MARKS))]

    def _book_words(self, rng: np.random.Generator, count: int) -> list[str]:
        """Up to ``count`` words in a row of the running text, with their marks."""
        span = 60 + 9 * count
        start = int(rng.random() * max(1, len(self._books) - span))
        text = self._books[start : start + span].replace("--", " ").replace("_", "")
        return [self.spelled(piece, rng) for piece in text.split()[1:-1][:count]]

    def spelled(self, text: str, rng: np.random.Generator) -> str:
        """The text with typographic marks in their plain form, which they always are outside of
        the character set, and mostly within it."""
        if self._allowed.issuperset(text) and (text.isascii() or rng.random() < 0.3):
            return text
        return text.translate(_PLAIN_FORMS)

    def sentence(self, rng: np.random.Generator, count: int) -> list[str]:
        """Running text: ``count`` words with their marks, now and then a number among them.

        Args:
            rng: Source of all randomness.
            count: Number of words, at least 1.
        """
        words = self._book_words(rng, count) if self._books else []
        while len(words) < count:
            words.append(self._plain_word(rng) + ("" if rng.random() < 0.85 else pick_tail(rng)))
        for place in range(count):
            chance = rng.random()
            if chance < 0.04:
                words[place] = self.sample(rng)
            elif chance < 0.1 and self._accents:
                words[place] = self._accented(rng)
        words[0] = words[0][:1].upper() + words[0][1:]
        if rng.random() < 0.6 and words[-1][-1:].isalnum():
            words[-1] += "." if rng.random() < 0.8 else "?!:;"[int(rng.random() * 4)]
        return [word[:MAX_LENGTH] for word in words if self._allowed.issuperset(word)] or ["A"]

    def _plain_word(self, rng: np.random.Generator) -> str:
        index = int(np.searchsorted(self._cumulative, rng.random() * self._cumulative[-1]))
        return self._words[min(index, len(self._words) - 1)]

    def phrase(self, rng: np.random.Generator, count: int) -> list[str]:
        """A title or the name of a thing: ``count`` words without marks, in one of the cases."""
        words = [self._plain_word(rng) for _ in range(count)]
        if self._names and rng.random() < 0.15:
            words[0] = self._names[int(rng.random() * len(self._names))]
        if self._accents and rng.random() < 0.12:
            words[-1] = self._accented(rng)
        shape = rng.random()
        if shape < 0.3:
            return [word.upper() for word in words]
        if shape < 0.7:
            return [word[:1].upper() + word[1:] for word in words]
        return [words[0][:1].upper() + words[0][1:], *words[1:]] if shape < 0.9 else words

    def _accented(self, rng: np.random.Generator) -> str:
        if rng.random() < 0.7:
            word = self._accents[int(rng.random() * len(self._accents))]
            shape = rng.random()
            upper = word.upper()
            if shape < 0.3 and len(upper) == len(word):
                return upper
            return word + "," if shape > 0.95 else word
        return put_accents(rng, self._word(rng), self.charset)

    def _address(self, rng: np.random.Generator) -> str:
        return codes.address(rng, self._word(rng), self._word(rng))

    def _code_token(self, rng: np.random.Generator) -> str:
        return codes.code_token(rng, self._word(rng), self._word(rng))

    def _compound(self, rng: np.random.Generator) -> str:
        joint = "-&/-'+"[int(rng.random() * 6)]
        return self._word(rng) + joint + self._word(rng)

    def _random(self, rng: np.random.Generator) -> str:
        length = 1 + int(rng.random() * (3 if rng.random() < 0.4 else 9))
        ascii_pool = "".join(char for char in self.charset if char.isascii())
        share = 0.2 if len(self.charset) < _LARGE * len(ascii_pool) else 0.9
        pool = self.charset if rng.random() < share or not ascii_pool else ascii_pool
        if rng.random() < 0.7:
            pool = "".join(char for char in pool if char.isalnum()) or pool
        return "".join(pool[int(value * len(pool))] for value in rng.random(length))


def open_text_source(
    paths: Sequence[str] | None = None,
    charset: str = PRINTABLE,
    kinds: Mapping[str, float] | None = None,
) -> TextSource:
    """A source from files told apart by what they hold.

    Args:
        paths: Files or folders of them: ``.tsv`` holds words with frequencies; ``.txt`` holds
            running text when its lines are longer than 60 characters on average, and else one
            word or name per line. ``None``: the list that ships with us.
        charset: See :class:`TextSource`.
        kinds: See :class:`TextSource`.

    Raises:
        ConfigError: A path does not exist, or none holds words.
    """
    if paths is None:
        return TextSource(charset=charset, kinds=kinds)
    roles: dict[str, str] = {}
    for path in map(Path, paths):
        files = sorted([*path.glob("*.tsv"), *path.glob("*.txt")]) if path.is_dir() else [path]
        for file in files:
            roles.setdefault(_role(file), str(file))
    if not roles:
        raise ConfigError(f"no .tsv or .txt with words in {', '.join(map(str, paths))}")
    words = roles.get("words") or roles.get("names")
    names = roles.get("names") if "words" in roles else None
    return TextSource(words, names, roles.get("books"), charset, kinds)


def _role(file: Path) -> str:
    if file.suffix == ".tsv":
        return "words"
    try:
        with file.open(encoding="utf-8") as stream:
            head = stream.read(20000)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the word list {file}: {error}") from None
    lines = [line for line in head.splitlines() if line.strip()]
    return "books" if sum(map(len, lines)) > 60 * len(lines) else "names"


def _styled(word: str, rng: np.random.Generator) -> str:
    """The word in one of the cases of signs: capitals most often."""
    shape = rng.random()
    if shape < 0.45:
        return word.upper()
    if shape < 0.70:
        return word[:1].upper() + word[1:]
    return word


def pick_tail(rng: np.random.Generator) -> str:
    """A mark that ends a word of running text."""
    return _TAILS[int(rng.random() * len(_TAILS))]
