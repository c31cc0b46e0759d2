"""Lexicons: word lists that are searched for the nearest word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from spotter.decoding.lexicon.distances import Costs
from spotter.decoding.lexicon.search import NearestWordSearch, WeightedNearestWordSearch
from spotter.errors import AnnotationError, ConfigError

_Search: TypeAlias = NearestWordSearch | WeightedNearestWordSearch


class Lexicon:
    """A list of words, searched for the word that is nearest to a reading.

    The search is exact, see :class:`~spotter.decoding.lexicon.search.NearestWordSearch`.

    Args:
        words: The words; duplicates and empty words are ignored.
        forms: The form that is returned for a word (ICDAR pair files); without one, the word.
    """

    def __init__(self, words: Iterable[str], forms: Mapping[str, str] | None = None) -> None:
        self.words = [word for word in words if word]
        self.forms = dict(forms or {})
        self._searches: dict[tuple[bool, int], tuple[_Search, object]] = {}

    @classmethod
    def load(cls, source: Lexicon | str | Path | Iterable[str]) -> Lexicon:
        """A lexicon of the words of a file (:meth:`from_file`), or of words.

        Args:
            source: The file, or the words. A ``Lexicon`` is returned as it is.

        Raises:
            AnnotationError: As :meth:`from_file`.
            ConfigError: It is neither, or there is no word.
        """
        if isinstance(source, Lexicon):
            return source
        if isinstance(source, str | Path):
            return cls.from_file(source)
        words = list(source) if isinstance(source, Iterable) else [source]
        if not any(words) or not all(isinstance(word, str) for word in words):
            raise ConfigError("a lexicon is a file, or words, at least one of them")
        return cls(words)

    @classmethod
    def from_file(cls, path: str | Path, pairs: bool = False) -> Lexicon:
        """Read a UTF-8 word list, one word per line; empty lines are skipped.

        Args:
            path: The file.
            pairs: Lines are ``WORD form`` or ``WORD, form`` (ICDAR pair lists): the first is
                searched, the second returned.

        Raises:
            AnnotationError: The file is missing, not UTF-8, holds no word, or a line is no pair.
        """
        try:
            lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise AnnotationError(f"{path}: cannot be read ({error.strerror}).") from None
        except UnicodeDecodeError:
            raise AnnotationError(f"{path}: a lexicon must be UTF-8 text.") from None
        words: list[str] = []
        forms: dict[str, str] = {}
        for number, line in enumerate(lines, start=1):
            word = line.strip()
            if not word:
                continue
            if pairs:
                parts = word.split(maxsplit=1)
                if len(parts) != 2:
                    raise AnnotationError(f"{path}:{number}: expected 'WORD form', got {word!r}.")
                word = parts[0].rstrip(",") or parts[0]
                forms.setdefault(word, parts[1])
            words.append(word)
        if not words:
            raise AnnotationError(f"{path}: the lexicon holds no word.")
        return cls(words, forms)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._search(case_sensitive=True, costs=None).position

    def _search(self, case_sensitive: bool, costs: Costs | None) -> _Search:
        """The search for a way to compare, built at its first use."""
        key = (case_sensitive, id(costs))
        if key not in self._searches:
            for pair, cost in (costs or {}).items():
                if not 0 < cost <= 1:
                    raise ConfigError(f"The cost of {pair} must be in (0, 1], got {cost}.")
            words = self.words if case_sensitive else [word.upper() for word in self.words]
            used = costs if case_sensitive else _upper_costs(costs or {})
            search = WeightedNearestWordSearch(words, used) if used else NearestWordSearch(words)
            # The caller's table is kept: a later table at its address would be taken for it.
            self._searches[key] = search, costs
        return self._searches[key][0]

    def nearest(
        self,
        word: str,
        max_distance: float | None = None,
        case_sensitive: bool = False,
        costs: Costs | None = None,
    ) -> tuple[str | None, float]:
        """The word of the list with the smallest edit distance.

        Args:
            word: A reading.
            max_distance: Largest accepted distance; ``None``: any.
            case_sensitive: Compare as written; otherwise both words are converted to upper case.
            costs: Costs of cheap substitutions (``VISUAL_COSTS``), see
                :func:`weighted_edit_distance`; ``None``: plain Levenshtein distance. They are
                converted to upper case if case is ignored. The table must not be changed later.

        Returns:
            (word or its form, distance); of several nearest words the first of the list.
            ``(None, inf)`` if there is none within ``max_distance``.

        Raises:
            ConfigError: A cost is outside (0, 1].
        """
        search = self._search(case_sensitive, costs)
        query = word if case_sensitive else word.upper()
        limit = math.inf if max_distance is None else float(max_distance)
        if limit < 0:
            return None, math.inf
        found, distance = search.search(query, limit)
        if found is None:
            return None, math.inf
        return self.forms.get(self.words[found], self.words[found]), distance


def _upper_costs(costs: Costs) -> dict[tuple[str, str], float]:
    """Costs between upper-cased characters, the least where several fall together."""
    folded: dict[tuple[str, str], float] = {}
    for (one, other), cost in costs.items():
        pair = (one.upper(), other.upper())
        if pair[0] != pair[1]:
            folded[pair] = min(cost, folded.get(pair, 1.0))
    return folded
