"""Which characters are taken for which: counts over the alignments of readings with true words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spotter.evaluation.matching import rate

#: The other side of a character that was missed or added.
NOTHING = ""


def align(true: str, read: str) -> list[tuple[str, str]]:
    """Line a reading up with the true word.

    Of the alignments with the fewest edits (insertions, deletions, substitutions) it is one with
    the most characters right.

    Args:
        true: The true word.
        read: The reading.

    Returns:
        Pairs (true character, read character) in order; ``""`` on one side stands for a character
        that was missed or added.
    """
    # A cost is (edits, minus matches) in one number: no word has a million characters.
    edit, match = 1_000_000, -1
    table = [[edit * (i + j) for j in range(len(read) + 1)] for i in range(len(true) + 1)]
    for i, one in enumerate(true):
        for j, other in enumerate(read):
            table[i + 1][j + 1] = min(
                table[i][j] + (match if one == other else edit),
                table[i][j + 1] + edit,
                table[i + 1][j] + edit,
            )
    pairs: list[tuple[str, str]] = []
    i, j = len(true), len(read)
    while i or j:
        cost = table[i][j]
        step = match if i and j and true[i - 1] == read[j - 1] else edit
        if i and j and cost == table[i - 1][j - 1] + step:
            i, j = i - 1, j - 1
            pairs.append((true[i], read[j]))
        elif i and cost == table[i - 1][j] + edit:
            i -= 1
            pairs.append((true[i], NOTHING))
        else:
            j -= 1
            pairs.append((NOTHING, read[j]))
    return pairs[::-1]


def matched_characters(true: str, read: str) -> int:
    """Characters that :func:`align` finds right."""
    if true == read:
        return len(true)
    return sum(one == other for one, other in align(true, read))


@dataclass
class Confusions:
    """Counts of aligned characters.

    Attributes:
        counts: (true character, read character) to how often; ``""`` as in :func:`align`. Right
            ones are counted, too.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, true: str, read: str) -> None:
        """Count one reading."""
        if true == read:
            self.counts.update((character, character) for character in true)
        else:
            self.counts.update(align(true, read))

    def total(self, true: str) -> int:
        """How often a character stands in the true words."""
        return sum(count for (one, _), count in self.counts.items() if one == true)

    def accuracy(self, true: str) -> float:
        """Share of a true character's occurrences that were read right."""
        return rate(self.counts[true, true], self.total(true))

    def most_common(self, number: int | None = None) -> list[tuple[str, str, int]]:
        """The most frequent errors.

        Args:
            number: How many; ``None``: all.

        Returns:
            (true character, read character, count), falling, equal counts in order of characters.
        """
        errors = [(*pair, count) for pair, count in self.counts.items() if pair[0] != pair[1]]
        return sorted(errors, key=lambda error: (-error[2], error[0], error[1]))[:number]

    def matrix(self, characters: Sequence[str]) -> list[list[int]]:
        """Counts of some characters against each other: rows true, columns read."""
        return [[self.counts[true, read] for read in characters] for true in characters]


def count_confusions(words: Iterable[tuple[str, str]]) -> Confusions:
    """Confusions over many words.

    Args:
        words: (true word, reading), as they are to be compared: see
            :meth:`RecognitionRules.normalise` for folding case and removing symbols.
    """
    confusions = Confusions()
    for true, read in words:
        confusions.add(true, read)
    return confusions
