"""Words read in pictures whose true words are listed without their places, by kind of word.

The truth of a folder is its ``expected.json``, ``{"file name": ["word", ...]}``: a word is what
stands between spaces, marks included, and counts once for each time it is listed. Where it was
found does not matter. Exact: case and marks count. Loose: only letters, digits and underscores
count, case folded.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spotter.errors import AnnotationError
from spotter.evaluation.matching import rate
from spotter.evaluation.words import Refusals, predicted_words
from spotter.io.bounded import read_json
from spotter.schema import check, list_of, record, text

#: The file of a folder that lists the words of its pictures.
EXPECTED = "expected.json"

_EXPECTED = record({}, others=list_of(text(), longest=100_000))


def loose_form(word: str) -> str:
    """Letters, digits and underscores of a word, case folded; may be empty."""
    return re.sub(r"[^\w]", "", exact_form(word)).lower()


def exact_form(word: str) -> str:
    """A word with its accents composed (NFC): how they are coded cannot be seen."""
    return unicodedata.normalize("NFC", word)


def _has(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda word: compiled.search(word) is not None


#: Kinds of words by name; a word may be of several.
WORD_KINDS: dict[str, Callable[[str], bool]] = {
    "all": lambda word: True,
    "letters only": str.isalpha,
    "with a digit": _has(r"\d"),
    "number with . or ,": _has(r"\d[.,]\d"),
    "ends in a mark": _has(r"[A-Za-z][.,:;!?]$"),
    "inner sign": _has(r"[A-Za-z0-9][-/@_&:][A-Za-z0-9]"),
    "one character": lambda word: len(loose_form(word)) == 1,
}


@dataclass(frozen=True)
class WordCounts:
    """Words of one comparison.

    Attributes:
        right: True words that were read.
        true: True words.
        false: Words read that are not among the true ones.
    """

    right: int
    true: int
    false: int

    @property
    def share(self) -> float:
        """Share of the true words that were read, in [0, 1]."""
        return rate(self.right, self.true)

    @property
    def f1(self) -> float:
        """Harmonic mean of recall and precision, in [0, 1]; 0 where nothing is true or read."""
        return rate(2 * self.right, self.right + self.false + self.true)

    def __add__(self, other: WordCounts) -> WordCounts:
        return WordCounts(
            self.right + other.right, self.true + other.true, self.false + other.false
        )


_NONE = WordCounts(0, 0, 0)


@dataclass(frozen=True)
class WordListScores:
    """Scores of a folder.

    Attributes:
        mean_f1: Mean over the files of the F1 of exact words, each file weighing the same.
        exact: Counts of exact words by kind (:data:`WORD_KINDS`). ``false`` of a kind counts what
            was read beyond the true words of that kind, so it says something of ``"all"`` only.
        loose: Counts of loose words by kind; words of marks alone do not count.
        files: Counts of exact words by file.
    """

    mean_f1: float
    exact: dict[str, WordCounts]
    loose: dict[str, WordCounts]
    files: dict[str, WordCounts]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values: ``mean_f1``; ``exact`` and ``loose`` by kind; ``files``."""

        def plain(counts: Mapping[str, WordCounts]) -> dict[str, Any]:
            return {name: {**asdict(c), "share": c.share} for name, c in counts.items()}

        return {
            "mean_f1": self.mean_f1,
            "exact": plain(self.exact),
            "loose": plain(self.loose),
            "files": plain(self.files),
        }


def count_words(
    read: Iterable[str], true: Iterable[str], form: Callable[[str], str] = exact_form
) -> WordCounts:
    """Compare two lists of words, whatever their order.

    Args:
        read: Words that were read.
        true: Words that are there; one that is listed twice has to be read twice.
        form: What of a word is compared; words of which nothing is left do not count.
    """
    found = Counter(filter(None, map(form, read)))
    wanted = Counter(filter(None, map(form, true)))
    right = (found & wanted).total()
    return WordCounts(right, wanted.total(), found.total() - right)


def evaluate_word_lists(
    predictions: Mapping[str, Sequence[str]], ground_truths: Mapping[str, Sequence[str]]
) -> WordListScores:
    """Exact and loose words of all files together, by kind, and the mean of the files.

    Args:
        predictions: Texts that were read, by file; they are split at white space. A file without
            an entry was read as nothing.
        ground_truths: True words by file.

    Raises:
        AnnotationError: A file is predicted of which there is no truth.
    """
    unknown = sorted(set(predictions) - set(ground_truths))
    if unknown:
        raise AnnotationError(f"{unknown[0]}: predicted, but there is no ground truth.")
    exact = dict.fromkeys(WORD_KINDS, _NONE)
    loose = dict.fromkeys(WORD_KINDS, _NONE)
    files: dict[str, WordCounts] = {}
    for name, true in ground_truths.items():
        read = " ".join(predictions.get(name, ())).split()
        for kind, belongs in WORD_KINDS.items():
            of_kind = [word for word in true if belongs(word)]
            exact[kind] += count_words(read, of_kind)
            loose[kind] += count_words(read, of_kind, loose_form)
        files[name] = count_words(read, true)
    mean = rate(sum(counts.f1 for counts in files.values()), len(files))
    return WordListScores(mean, exact, loose, files)


def read_texts(record: Mapping[str, Any]) -> list[str]:
    """Texts of a line of predictions; words without text are left out.

    Raises:
        AnnotationError: The line is malformed, see :func:`predicted_words`.
    """
    words = predicted_words(record, str(record.get("image")), Refusals())
    return [word.text for word in words if word.text]


def read_expected(path: str | Path) -> dict[str, list[str]]:
    """True words by file name.

    Args:
        path: An ``expected.json``, or the folder that holds it.

    Raises:
        AnnotationError: The file cannot be read, or does not map file names to lists of words.
    """
    path = Path(path)
    file = path / EXPECTED if path.is_dir() else path
    content = check(read_json(file, AnnotationError), _EXPECTED, str(file), AnnotationError)
    if not content:
        raise AnnotationError(f"{file}: names no file")
    return content
