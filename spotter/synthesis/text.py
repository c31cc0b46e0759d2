"""What the synthetic words say: frequency words, names, prices, dates, addresses, codes.

The mixture follows what is seen on photos of streets and products: signs are short and often in
capitals, numbers and prices are frequent, punctuation sticks to the words of running text.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from spotter.errors import ConfigError

PRINTABLE = string.digits + string.ascii_letters + string.punctuation
WORDLIST = Path(__file__).with_name("wordlist.txt")
MAX_LENGTH = 25

_PLAIN_FORMS = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "…": "."}
)
_CURRENCIES = ("$", "$", "$", "S$", "US$", "", "", "Rs.", "RM", "EUR")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = (
    "kg",
    "g",
    "ml",
    "L",
    "cm",
    "mm",
    "km",
    "km/h",
    "W",
    "V",
    "th",
    "st",
    "nd",
    "rd",
    "m",
    "%",
)
_DOMAINS = (".com", ".com", ".com", ".net", ".org", ".co.uk", ".com.sg", ".edu", ".io", ".de")
_TAILS = (",", ",", ",", ".", ".", ".", "!", "!", "?", ":", ";", "...", "-", "'s", "'s", "*")
_BRACKETS = (("(", ")"), ('"', '"'), ("'", "'"), ("[", "]"), ("<", ">"), ("*", "*"), ("{", "}"))


def _read_lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the word list {path}: {error}") from None


class TextSource:
    """Draws labels of at most 25 characters, without spaces.

    Args:
        words_tsv: File with a word and, after a tab, its relative frequency, one per line; a
            missing frequency counts as 1. Default: a short English list that ships with us.
        brands: File with one name per line; names of several words are drawn word by word.
        books: File of running text; its words keep the punctuation that is attached to them.
        charset: Characters that a label may hold; words with any other are skipped.

    Raises:
        ConfigError: A file cannot be read, or no word is left within ``charset``.
    """

    def __init__(
        self,
        words_tsv: str | Path | None = None,
        brands: str | Path | None = None,
        books: str | Path | None = None,
        charset: str = PRINTABLE,
    ) -> None:
        self.charset = charset
        self._allowed = frozenset(charset)
        self._words, self._cumulative = self._read_frequencies(words_tsv)
        names = [] if brands is None else _read_lines(brands)
        self._names = [part for name in names for part in self._parts(name)]
        self._books = "" if books is None else "\n".join(_read_lines(books))
        self._kinds, self._kind_edges = self._mixture()

    def _mixture(self) -> tuple[list[Callable[[np.random.Generator], str]], np.ndarray]:
        parts: list[tuple[Callable[[np.random.Generator], str], float]] = [
            (self._word, 0.49),
            (self._name, 0.12 if self._names else 0.0),
            (self._sentence_piece, 0.12),
            (_number, 0.09),
            (_price, 0.03),
            (_date, 0.015),
            (_time, 0.012),
            (_phone, 0.012),
            (self._address, 0.02),
            (_code, 0.025),
            (_measure, 0.01),
            (self._compound, 0.015),
            (self._random, 0.05),
        ]
        weights = np.array([weight for _, weight in parts])
        return [kind for kind, _ in parts], np.cumsum(weights / weights.sum())

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

    def sample(self, rng: np.random.Generator) -> str:
        """One label, 1 to 25 characters of the character set, no spaces.

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
            start = int(rng.random() * max(1, len(self._books) - 80))
            pieces = self._books[start : start + 80].split()[1:-1]
            piece = pieces[0].translate(_PLAIN_FORMS) if pieces else ""
            piece = piece.replace("--", " ").split(" ")[0]
            return piece.upper() if rng.random() < 0.25 else piece
        word = self._word(rng)
        if rng.random() < 0.75:
            return word + _TAILS[int(rng.random() * len(_TAILS))]
        left, right = _BRACKETS[int(rng.random() * len(_BRACKETS))]
        shape = rng.random()
        return left + word if shape < 0.3 else word + right if shape < 0.6 else left + word + right

    def _address(self, rng: np.random.Generator) -> str:
        name, host = self._word(rng).lower(), self._word(rng).lower()
        domain = _DOMAINS[int(rng.random() * len(_DOMAINS))]
        shape = rng.random()
        if shape < 0.45:
            text = "www." + host + domain
        elif shape < 0.7:
            text = host + domain
        elif shape < 0.85:
            text = name + "@" + host + domain
        elif shape < 0.93:
            text = ("@" if rng.random() < 0.6 else "#") + name
        else:
            text = "http://" + host + domain
        return text.upper() if rng.random() < 0.2 else text

    def _compound(self, rng: np.random.Generator) -> str:
        joint = "-&/-'+"[int(rng.random() * 6)]
        return self._word(rng) + joint + self._word(rng)

    def _random(self, rng: np.random.Generator) -> str:
        length = 1 + int(rng.random() * (3 if rng.random() < 0.4 else 9))
        pool = self.charset
        if rng.random() < 0.7:
            pool = "".join(c for c in self.charset if c.isalnum()) or pool
        return "".join(pool[int(value * len(pool))] for value in rng.random(length))


def open_text_source(paths: Sequence[str] | None = None, charset: str = PRINTABLE) -> TextSource:
    """A source from files told apart by what they hold.

    Args:
        paths: Files or folders of them: ``.tsv`` holds words with frequencies; ``.txt`` holds
            running text when its lines are longer than 60 characters on average, and else one
            word or name per line. ``None``: the list that ships with us.
        charset: See :class:`TextSource`.

    Raises:
        ConfigError: A path does not exist, or none holds words.
    """
    if paths is None:
        return TextSource(charset=charset)
    roles: dict[str, str] = {}
    for path in map(Path, paths):
        files = sorted([*path.glob("*.tsv"), *path.glob("*.txt")]) if path.is_dir() else [path]
        for file in files:
            roles.setdefault(_role(file), str(file))
    if not roles:
        raise ConfigError(f"no .tsv or .txt with words in {', '.join(map(str, paths))}")
    words = roles.get("words") or roles.get("names")
    names = roles.get("names") if "words" in roles else None
    return TextSource(words, names, roles.get("books"), charset)


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


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(int(value * 10)) for value in rng.random(count))


def _number(rng: np.random.Generator) -> str:
    length = 1 + int(rng.random() ** 1.5 * 5)
    digits = _digits(rng, length)
    shape = rng.random()
    if shape < 0.06:
        return digits + "%"
    if shape < 0.12:
        return ("#", "No.", "+", "-")[int(rng.random() * 4)] + digits
    if shape < 0.18:
        return digits + "-" + _digits(rng, length)
    if shape < 0.22 and length > 3:
        return digits[:-3] + "," + digits[-3:]
    if shape < 0.26:
        return digits + "." + _digits(rng, 1)
    return digits


def _price(rng: np.random.Generator) -> str:
    whole = str(int(10 ** (rng.random() * 3.5)))
    cents = ("", ".00", ".99", ".90", ".50", "." + _digits(rng, 2))[int(rng.random() * 6)]
    sign = _CURRENCIES[int(rng.random() * len(_CURRENCIES))]
    return sign + whole + cents + ("/-" if rng.random() < 0.03 else "")


def _date(rng: np.random.Generator) -> str:
    day, month = 1 + int(rng.random() * 31), 1 + int(rng.random() * 12)
    year = 1950 + int(rng.random() * 80)
    shape = rng.random()
    if shape < 0.35:
        joint = "/.-"[int(rng.random() * 3)]
        short = f"{year % 100:02d}" if rng.random() < 0.4 else str(year)
        return f"{day:02d}{joint}{month:02d}{joint}{short}"
    if shape < 0.6:
        return str(year)
    if shape < 0.7:
        return f"{year}-{year % 100 + 1:02d}"
    name = _MONTHS[month - 1]
    name = name.upper() if rng.random() < 0.5 else name
    return f"{day}{name}" if rng.random() < 0.5 else f"{name}.{day}"


def _time(rng: np.random.Generator) -> str:
    hour, minute = 1 + int(rng.random() * 23), int(rng.random() * 12) * 5
    shape = rng.random()
    if shape < 0.4:
        return f"{hour}:{minute:02d}"
    tail = ("am", "pm", "AM", "PM")[int(rng.random() * 4)]
    if shape < 0.7:
        return f"{hour % 12 + 1}{tail}"
    if shape < 0.85:
        return f"{hour % 12 + 1}.{minute:02d}{tail}"
    return f"{hour:02d}:{minute:02d}-{(hour + 8) % 24:02d}:{minute:02d}"


def _phone(rng: np.random.Generator) -> str:
    shape = rng.random()
    if shape < 0.3:
        return _digits(rng, 8)
    if shape < 0.6:
        return f"{_digits(rng, 3)}-{_digits(rng, 4)}"
    if shape < 0.75:
        return f"({_digits(rng, 3)})"
    if shape < 0.9:
        return f"{_digits(rng, 3)}-{_digits(rng, 3)}-{_digits(rng, 4)}"
    return "+" + _digits(rng, 2)


def _code(rng: np.random.Generator) -> str:
    letters = "".join(string.ascii_uppercase[int(value * 26)] for value in rng.random(3))
    shape = rng.random()
    if shape < 0.35:
        return letters[: 1 + int(rng.random() * 3)] + _digits(rng, 1 + int(rng.random() * 4))
    if shape < 0.6:
        return letters + _digits(rng, 4) + letters[0]
    if shape < 0.8:
        return f"#{_digits(rng, 2)}-{_digits(rng, 2 + int(rng.random() * 2))}"
    return f"{_digits(rng, 1 + int(rng.random() * 3))}{letters[: 1 + int(rng.random() * 2)]}"


def _measure(rng: np.random.Generator) -> str:
    return _digits(rng, 1 + int(rng.random() * 3)) + _UNITS[int(rng.random() * len(_UNITS))]
