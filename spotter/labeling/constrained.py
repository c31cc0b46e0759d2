"""The most probable reading that a label allows: constrained CTC decoding.

A label over a small alphabet (letters and digits, or one case) leaves out marks or case. Among all
readings that agree with the label, the logits of a recognizer tell the most probable one. The
search is prefix search (Graves et al., ICML 2006, section 3.2) on the label's lattice: each prefix
gathers the probability of all paths that spell it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from heapq import nlargest

import numpy as np

from spotter.label_lattice import LabelLattice

_NEVER = -math.inf


@dataclass(frozen=True)
class ConstrainedReading:
    """A reading that a label allows.

    Attributes:
        text: The reading.
        log_probability: log of the probability of all CTC paths that spell it.
        share: Its share of the probability of all readings found that the label allows, in (0, 1]:
            how sure the marks and the case are, given that the label is right.
    """

    text: str
    log_probability: float
    share: float


@dataclass(slots=True, eq=False)
class _Prefix:
    """A beginning of a reading, and where it stands in the lattice.

    Attributes:
        text: Classes so far.
        step: Characters of the label that it has spelled.
        marks: Marks in a row at its end.
        blank: log-probability of its paths that end in a blank.
        last: log-probability of those that end in its last character.
    """

    text: tuple[int, ...]
    step: int
    marks: int
    blank: float = _NEVER
    last: float = _NEVER

    @property
    def total(self) -> float:
        return _add(self.blank, self.last)


def constrained_readings(
    log_probabilities: np.ndarray,
    lattice: LabelLattice,
    characters: str,
    max_marks: int = 3,
    beam: int | None = 12,
    min_prob: float = 1e-5,
) -> list[ConstrainedReading]:
    """Readings of a crop whose projection onto the label alphabet is the label, best first.

    With ``beam=None`` and ``min_prob=0`` the search is exact: every reading is found with the
    probability of all its paths.

    Args:
        log_probabilities: (T, K) log-softmax of the recognizer's logits; class 0 is the blank.
        lattice: What the label allows.
        characters: K - 1 characters; class i + 1 is ``characters[i]``.
        max_marks: Largest number of left-out characters in a row.
        beam: Prefixes kept per number of spelled label characters; ``None``: all.
        min_prob: Marks below this probability are not considered in a frame; the label's own
            characters always are.

    Returns:
        Readings, at least one unless the T frames are too few for the label.
    """
    kept = [_Prefix((), 0, 0, blank=0.0)]
    marks = np.asarray(lattice.marks, np.int64)
    floor = math.log(min_prob) if min_prob > 0 else _NEVER
    for row in log_probabilities:
        likely = marks[row[marks] >= floor].tolist()
        kept = _best(_advance(kept, row.tolist(), lattice, likely, max_marks), beam)
    complete = [p for p in kept if p.step == len(lattice.steps) and p.total > _NEVER]
    if not complete:
        return []
    totals = [prefix.total for prefix in complete]
    largest = max(totals)
    whole = largest + math.log(sum(math.exp(total - largest) for total in totals))
    readings = [
        ConstrainedReading(
            "".join(characters[token - 1] for token in prefix.text), total, math.exp(total - whole)
        )
        for prefix, total in zip(complete, totals, strict=True)
    ]
    return sorted(readings, key=lambda reading: -reading.log_probability)


def _advance(
    kept: list[_Prefix],
    row: list[float],
    lattice: LabelLattice,
    marks: list[int],
    max_marks: int,
) -> list[_Prefix]:
    """All prefixes after one more frame of log-probabilities ``row``."""
    reached: dict[tuple[int, ...], _Prefix] = {}
    for prefix in kept:
        same = reached.setdefault(prefix.text, _Prefix(prefix.text, prefix.step, prefix.marks))
        whole = prefix.total
        same.blank = _add(same.blank, whole + row[0])
        if prefix.text:
            same.last = _add(same.last, prefix.last + row[prefix.text[-1]])
        step, count = prefix.step, prefix.marks
        following = [(token, step, count + 1) for token in marks if count < max_marks]
        if step < len(lattice.steps):
            following += [(token, step + 1, 0) for token in lattice.steps[step]]
        for token, new_step, new_marks in following:
            # A character that follows itself is another one only after a blank.
            repeated = bool(prefix.text) and token == prefix.text[-1]
            gained = (prefix.blank if repeated else whole) + row[token]
            if gained == _NEVER:
                continue
            text = (*prefix.text, token)
            longer = reached.setdefault(text, _Prefix(text, new_step, new_marks))
            longer.last = _add(longer.last, gained)
    return list(reached.values())


def _best(prefixes: list[_Prefix], beam: int | None) -> list[_Prefix]:
    """The best prefixes of each number of spelled label characters."""
    if beam is None:
        return prefixes
    by_step: dict[int, list[_Prefix]] = {}
    for prefix in prefixes:
        by_step.setdefault(prefix.step, []).append(prefix)
    return [
        prefix
        for group in by_step.values()
        for prefix in (
            group if len(group) <= beam else nlargest(beam, group, key=lambda each: each.total)
        )
    ]


def _add(first: float, second: float) -> float:
    """log(exp(first) + exp(second))."""
    if first < second:
        first, second = second, first
    return first if second == _NEVER else first + math.log1p(math.exp(second - first))
