"""CTC prefix beam search with a language model, for readings that are not sure of themselves."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import heapify, heappush, heappushpop, nlargest
from operator import attrgetter

import numpy as np

from spotter.decoding.corpus import fold
from spotter.decoding.language_model import LanguageModel, LanguageState


@dataclass(slots=True, eq=False)
class _Prefix:
    """A beginning of a reading; equal ones are one object.

    Attributes:
        parent: What it lengthens; ``None`` for the empty one.
        token: Its last class.
        depth: Its length.
        state: Where the language model stands.
        bonus: What language and length add to its score.
        blank: Probability of the paths so far that spell it and end in a blank.
        last: Probability of those that end in its last character.
        next_blank: ``blank`` after the current frame.
        next_last: Likewise.
        score: Of ``blank + last`` and the bonus.
        longer: Its continuations by class.
    """

    parent: _Prefix | None
    token: int
    depth: int
    state: LanguageState
    bonus: float
    blank: float = 0.0
    last: float = 0.0
    next_blank: float = 0.0
    next_last: float = 0.0
    score: float = 0.0
    longer: dict[int, _Prefix] = field(default_factory=dict)

    def tokens(self) -> list[int]:
        """Its classes."""
        found: list[int] = []
        prefix: _Prefix = self
        while prefix.parent is not None:
            found.append(prefix.token)
            prefix = prefix.parent
        return found[::-1]


_score = attrgetter("score")


class CTCBeamSearch:
    """Readings with the highest log P_CTC(s) + weight · log P_language(s) + length_bonus · |s|.

    Prefix beam search (Graves and Jaitly, ICML 2014; Hannun et al., 2014): each prefix gathers the
    probability of all paths that spell it. With an unlimited beam, an infinite margin and
    ``least=0`` it is exact. The defaults were chosen on word crops of ICDAR2015.

    Args:
        model: The language model.
        weight: Weight of its log-probability.
        length_bonus: Added per character; a model of words favours short ones.
        beam: Prefixes kept from frame to frame.
        least: Classes below this probability are not considered in a frame, the blank excepted.
        margin: Continuations whose score is lower by more than this than the best before language
            is asked are left out.
    """

    def __init__(
        self,
        model: LanguageModel,
        weight: float = 0.7,
        length_bonus: float = 2.0,
        beam: int = 16,
        least: float = 3e-3,
        margin: float = 6.0,
    ) -> None:
        self.model = model
        self.weight = weight
        self.length_bonus = length_bonus
        self.beam = beam
        self.least = least
        self.margin = margin

    def __call__(self, probabilities: np.ndarray, characters: str) -> list[tuple[list[int], float]]:
        """Search.

        Args:
            probabilities: (T, K), class 0 is the blank, class i + 1 is ``characters[i]``.
            characters: K - 1 characters.

        Returns:
            At most ``beam`` (classes, score), best first.
        """
        folded = _folded(characters)
        kept = [_Prefix(None, 0, 0, self.model.start, 0.0, blank=1.0)]
        considered = probabilities >= self.least
        considered[:, 0] = False
        frames, classes = np.nonzero(considered)
        likeliest = np.lexsort((-probabilities[frames, classes], frames))
        tokens_of: list[list[int]] = [[] for _ in probabilities]
        for frame, token in zip(
            frames[likeliest].tolist(), classes[likeliest].tolist(), strict=True
        ):
            tokens_of[frame].append(token)
        for row, tokens in zip(probabilities.tolist(), tokens_of, strict=True):
            reached = self._step(kept, row, tokens, folded) if tokens else _wait(kept, row)
            kept = self._prune(reached)
        found = [
            (
                prefix.tokens(),
                prefix.score
                + self.weight * (self.model.end(prefix.state) - prefix.state.log_probability),
            )
            for prefix in kept
        ]
        return sorted(found, key=lambda item: -item[1])

    def _step(
        self, kept: list[_Prefix], row: list[float], tokens: list[int], folded: list[str]
    ) -> list[_Prefix]:
        """Everything that the prefixes become with one more frame.

        Args:
            kept: The prefixes.
            row: Probabilities of the frame.
            tokens: Classes that are considered in it, the likeliest first.
            folded: See :func:`_folded`.
        """
        reached = list(kept)
        new: list[tuple[float, _Prefix, int]] = []
        # Language only takes away from the score that a prefix has.
        floor = math.exp(max(prefix.score for prefix in kept) - self.margin)
        for prefix in kept:
            blank, last = prefix.blank, prefix.last
            whole = blank + last
            prefix.next_blank += whole * row[0]
            if last:
                prefix.next_last += last * row[prefix.token]
            least = floor / math.exp(prefix.bonus)
            for token in tokens:
                gain = whole * row[token]
                if gain <= least:
                    break
                if token == prefix.token:
                    # A character is only repeated across a blank.
                    gain = blank * row[token]
                    if gain <= least:
                        continue
                longer = prefix.longer.get(token)
                if longer is None:
                    new.append((gain, prefix, token))
                    continue
                if not (longer.blank or longer.last or longer.next_last):
                    reached.append(longer)
                longer.next_last += gain
        if new:
            self._add_new(reached, new, folded)
        return reached

    def _add_new(
        self, reached: list[_Prefix], new: list[tuple[float, _Prefix, int]], folded: list[str]
    ) -> None:
        """Add those of the new continuations that may stay.

        Language is asked for in the order of what they have before it takes away, and no more once
        as many as are kept have more: most are never looked up.

        Args:
            reached: What is there already.
            new: Probabilities of continuations, what they lengthen, and by which class.
            folded: See :func:`_folded`.
        """
        log, more = math.log, self.length_bonus
        hopes = [(log(gain) + prefix.bonus + more, i) for i, (gain, prefix, _) in enumerate(new)]
        hopes.sort(reverse=True)
        totals = [(prefix.next_blank + prefix.next_last, prefix.bonus) for prefix in reached]
        scores = [log(total) + bonus for total, bonus in totals if total > 0]
        best = nlargest(self.beam, scores)
        heapify(best)
        for hope, index in hopes:
            full = len(best) == self.beam
            if full and hope <= best[0]:
                break
            gain, prefix, token = new[index]
            longer = self._lengthen(prefix, token, folded[token])
            longer.next_last = gain
            reached.append(longer)
            score = log(gain) + longer.bonus
            if full:
                heappushpop(best, score)
            else:
                heappush(best, score)

    def _lengthen(self, prefix: _Prefix, token: int, folded: str) -> _Prefix:
        state = self.model.advance_folded(prefix.state, folded)
        depth = prefix.depth + 1
        bonus = self.weight * state.log_probability + self.length_bonus * depth
        longer = _Prefix(prefix, token, depth, state, bonus)
        prefix.longer[token] = longer
        return longer

    def _prune(self, reached: list[_Prefix]) -> list[_Prefix]:
        for prefix in reached:
            prefix.blank, prefix.last = prefix.next_blank, prefix.next_last
            prefix.next_blank = prefix.next_last = 0.0
            total = prefix.blank + prefix.last
            prefix.score = math.log(total) + prefix.bonus if total > 0 else -math.inf
        if len(reached) <= self.beam:
            return reached
        reached.sort(key=_score, reverse=True)
        for prefix in reached[self.beam :]:
            # It may be reached again, and starts from nothing then.
            prefix.blank = prefix.last = 0.0
        return reached[: self.beam]


@lru_cache(maxsize=8)
def _folded(characters: str) -> list[str]:
    """What :func:`fold` makes of each class; the blank's is never asked for."""
    return ["", *map(fold, characters)]


def _wait(kept: list[_Prefix], row: list[float]) -> list[_Prefix]:
    """One more frame in which nothing but the blank is likely."""
    for prefix in kept:
        prefix.next_blank = (prefix.blank + prefix.last) * row[0]
        prefix.next_last = prefix.last * row[prefix.token]
    return kept


def align(probabilities: np.ndarray, words: Sequence[Sequence[int]]) -> list[list[int]]:
    """The frames where the characters of readings are likeliest, each on its best path.

    Args:
        probabilities: (T, K) with the blank first.
        words: Readings of L classes, at least one; they are searched side by side.

    Returns:
        L ascending frames per reading; fewer frames than it needs give an empty list.
    """
    longest = max(map(len, words))
    states: np.ndarray = np.zeros((len(words), 2 * longest + 1), np.intp)
    # A character may follow the one before without a blank, unless the two are equal.
    skip: np.ndarray = np.full((len(words), 2 * longest - 1), -np.inf)
    for i, tokens in enumerate(words):
        states[i, 1 : 2 * len(tokens) : 2] = tokens
        skip[i, 1 : 2 * len(tokens) - 2 : 2] = [
            0.0 if one != other else -np.inf for one, other in itertools.pairwise(tokens)
        ]
    logs = np.log(np.maximum(probabilities, 1e-30))[:, states]
    choices: np.ndarray = np.full((3, *states.shape), -np.inf)
    best: np.ndarray = np.full(states.shape, -np.inf)
    best[:, :2] = logs[0, :, :2]
    came: list[np.ndarray] = []
    for row in logs[1:]:
        choices[0] = best
        choices[1, :, 1:] = best[:, :-1]
        choices[2, :, 2:] = best[:, :-2] + skip
        came.append(choices.argmax(axis=0))
        best = choices.max(axis=0) + row
    steps: np.ndarray = np.array(came, np.intp).reshape(len(came), *states.shape)
    return [
        _trace(logs[:, i].tolist(), steps[:, i].tolist(), best[i], len(tokens))
        for i, tokens in enumerate(words)
    ]


def _trace(
    logs: list[list[float]], came: list[list[int]], best: np.ndarray, length: int
) -> list[int]:
    """Frames of a reading's characters, from the states that each state was best reached from."""
    state = 2 * length
    if best[state - 1] > best[state]:
        state -= 1
    if best[state] == -np.inf:
        return []
    frames = [0] * length
    highest = [-math.inf] * length
    for frame in range(len(logs) - 1, -1, -1):
        if state % 2 and logs[frame][state] > highest[state // 2]:
            highest[state // 2] = logs[frame][state]
            frames[state // 2] = frame
        if frame:
            state -= came[frame - 1][state]
    return frames
