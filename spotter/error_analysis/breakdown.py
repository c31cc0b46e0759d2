"""Cases by height, angle and length of the words, and by confidence of the readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from spotter.error_analysis.cases import Kind, WordCase
from spotter.evaluation.matching import rate

_HEIGHTS = (0, 8, 12, 16, 24, 32, 48, 64)
_ANGLES = (0, 5, 15, 30, 60, 120)
_LENGTHS = (1, 3, 5, 7, 9, 13)
_TENTHS = 10


@dataclass
class Bin:
    """Cases of one range.

    Attributes:
        label: The range.
        kinds: Number of cases of each kind.
        confidence: Mean confidence of the readings, if the range is one of confidence.
    """

    label: str
    kinds: Counter[Kind] = field(default_factory=Counter)
    confidence: float | None = None

    @property
    def total(self) -> int:
        """Number of cases."""
        return sum(self.kinds.values())

    @property
    def accuracy(self) -> float:
        """Share of correct cases."""
        return rate(self.kinds["correct"], self.total)


@dataclass(frozen=True)
class Breakdown:
    """One chart.

    Attributes:
        title: What the cases are parted by.
        bins: In rising order; empty ones at both ends are left out.
    """

    title: str
    bins: list[Bin]


def breakdowns(cases: Sequence[WordCase]) -> list[Breakdown]:
    """True words by height, angle and length; readings by confidence.

    What is not known, such as the angle of word crops, gives no breakdown.
    """
    true = [case for case in cases if case.is_true_word]
    made = [
        _parted("height in pixels", true, _HEIGHTS, 1, lambda case: case.size and case.size[1]),
        _parted("angle in degrees", true, _ANGLES, 0, lambda case: case.angle),
        _parted(
            "length in characters", true, _LENGTHS, 1, lambda case: case.true and len(case.true)
        ),
        by_confidence(cases),
    ]
    return [breakdown for breakdown in made if breakdown.bins]


def _parted(
    title: str,
    cases: Sequence[WordCase],
    starts: Sequence[int],
    step: int,
    value: Callable[[WordCase], float | str | None],
) -> Breakdown:
    """Cases by where a value falls; ``step`` is 1 for values that are whole numbers, else 0."""
    ends = [*starts[1:], None]
    bins = [Bin(_range(start, end, step)) for start, end in zip(starts, ends, strict=True)]
    for case in cases:
        measured = value(case)
        if measured is not None and not isinstance(measured, str):
            place = sum(measured >= start for start in starts) - 1
            bins[max(place, 0)].kinds[case.kind] += 1
    return Breakdown(title, _trimmed(bins))


def _range(start: int, end: int | None, step: int) -> str:
    if end is None:
        return f"{start}+"
    return f"{start}–{end - step}"


def by_confidence(cases: Sequence[WordCase]) -> Breakdown:
    """Readings by tenths of their confidence; a calibrated reader is right in that share."""
    bins = [Bin(f".{tenth}–{_upper(tenth)}") for tenth in range(_TENTHS)]
    sums = [0.0] * _TENTHS
    for case in cases:
        if case.confidence is not None:
            tenth = min(max(int(case.confidence * _TENTHS), 0), _TENTHS - 1)
            bins[tenth].kinds[case.kind] += 1
            sums[tenth] += case.confidence
    for each, total in zip(bins, sums, strict=True):
        each.confidence = total / each.total if each.total else None
    return Breakdown("confidence", _trimmed(bins))


def _upper(tenth: int) -> str:
    return f".{tenth + 1}" if tenth + 1 < _TENTHS else "1"


def _trimmed(bins: Sequence[Bin]) -> list[Bin]:
    filled = [number for number, each in enumerate(bins) if each.total]
    return list(bins[filled[0] : filled[-1] + 1]) if filled else []
