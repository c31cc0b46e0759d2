"""What became of each word of a test, and how far two readers differ by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spotter.evaluation.protocols.recognition import EXACT, RecognitionRules
from spotter.structures import TextRecSample

#: ``folded``: 36 characters, case folded. ``exact``: case and marks count as far as labels go.
RULES = {"folded": RecognitionRules(), "exact": EXACT}

Marks = Mapping[str, str]
"""For each test a string with a character for each word: 1 right, 0 wrong, - does not count."""


def mark(texts: Sequence[str], samples: Sequence[TextRecSample], rules: RecognitionRules) -> str:
    """The marks of readings.

    Args:
        texts: The readings.
        samples: What was read, with ``text`` and ``label_alphabet``.
        rules: How they are compared.
    """
    marks = []
    for text, sample in zip(texts, samples, strict=True):
        word = rules.tally(text, str(sample.text), "", labels=sample.label_alphabet)
        marks.append("-" if word is None else str(int(word.distance == 0)))
    return "".join(marks)


def accuracy(marks: str) -> float:
    """Share of right words among those that count."""
    counted = len(marks) - marks.count("-")
    return marks.count("1") / max(counted, 1)


def accuracies(marks: Marks) -> dict[str, float]:
    """Accuracy of each test, and their ``mean``."""
    each = {test: accuracy(words) for test, words in marks.items()}
    return {**each, "mean": sum(each.values()) / len(each)}


def paired_interval(
    better: Sequence[Marks], worse: Sequence[Marks], draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a gain in mean accuracy, by a paired bootstrap over words.

    Words are drawn anew within each test, the same for both readers. A word that a reader's runs
    disagree on counts by the share of the runs that read it rightly, so the interval is about the
    choice of words and says nothing about the choice of seeds.

    Args:
        better: Marks of one reader, one for each run.
        worse: Of the other.
        draws: Bootstrap samples.
        seed: Of the draws.

    Returns:
        Lower and upper end, as shares.
    """
    generator = np.random.default_rng(seed)
    gains = np.zeros(draws)
    for test in better[0]:
        gap = _shares([run[test] for run in better]) - _shares([run[test] for run in worse])
        places = generator.integers(len(gap), size=(draws, len(gap)))
        gains += gap[places].mean(1) / len(better[0])
    low, high = np.percentile(gains, [2.5, 97.5])
    return float(low), float(high)


def _shares(runs: Sequence[str]) -> np.ndarray:
    """(W,) share of the runs that read each word rightly, of the words that count."""
    table = np.array([list(marks) for marks in runs])
    return (table[:, table[0] != "-"] == "1").mean(0)
