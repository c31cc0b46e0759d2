"""CTC prefix beam search with a language model."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import heapify, heappush, heappushpop, nlargest
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from spotter.decoding.corpus import DIGIT, fold
from spotter.decoding.language_model import LanguageModel, LanguageState


@dataclass(slots=True, eq=False)
class _Prefix:
    """A beginning of a reading; equal ones are one object.

    Attributes:
        parent: What it lengthens; ``None`` for the empty one.
        token: Its last class.
        state: Where the language model stands; ``None`` once there is a digit.
        letters: Number of its letters.
        bonus: What language adds to its score.
        lift: ``exp(bonus)``, and what one more letter may add.
        blank: Probability of the paths so far that spell it and end in a blank.
        last: Probability of those that end in its last character.
        next_blank: ``blank`` after the current frame.
        next_last: ``last`` after the current frame.
        score: Of ``blank + last`` and the bonus.
        longer: Its continuations by class.
    """

    parent: _Prefix | None
    token: int
    state: LanguageState | None
    letters: int
    bonus: float
    lift: float
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

# Within, exp(score) is exact enough to compare products with it, up to the slack.
_LARGEST_LOG, _SLACK = 600.0, 1.0 - 1e-9


class Hypothesis(NamedTuple):
    """A candidate reading of the search.

    Attributes:
        tokens: Its classes.
        score: Sum of the visual and the language score.
        visual: Its log-probability by the frames alone.
    """

    tokens: list[int]
    score: float
    visual: float


class CTCBeamSearch:
    """Finds the readings s with the highest log P_CTC(s) + language(s).

    Prefix beam search (Graves and Jaitly, ICML 2014; Hannun et al., 2014): each prefix collects the
    probability of all paths that give it. With an unlimited beam, an infinite ``prune_margin`` and
    ``min_prob=0`` the search is exact.

    Only letters have a language score: language(s) = weight · log P(letters of s) + length_bonus ·
    number of letters. Marks contribute 0, so that leaving one out is no advantage. If s has a
    digit, language(s) is 0.

    Args:
        model: The language model.
        weight: Weight of its log-probability.
        length_bonus: Added per letter, as language models favour short words.
        beam: Number of prefixes that are kept after each frame.
        min_prob: Classes with a lower probability in a frame are skipped there, except the blank.
        prune_margin: Continuations are dropped, before the language model is evaluated for their
            last character, if their score is lower than the best prefix's by more than this.
    """

    def __init__(
        self,
        model: LanguageModel,
        weight: float = 0.7,
        length_bonus: float = 2.0,
        beam: int = 16,
        min_prob: float = 3e-3,
        prune_margin: float = 6.0,
    ) -> None:
        self.model = model
        self.weight = weight
        self.length_bonus = length_bonus
        self.beam = beam
        self.min_prob = min_prob
        self.prune_margin = prune_margin

    def language(self, text: str) -> float:
        """The language score of a whole word; 0 without letters or with a digit."""
        state, letters = self.model.start, 0
        for folded in map(self.model.fold, text):
            if DIGIT in folded:
                return 0.0
            if folded:
                state = self.model.advance_folded(state, folded)
                letters += len(folded)
        return self._ended(state, letters)

    def __call__(
        self, probabilities: np.ndarray, characters: str, max_visual_loss: float = math.inf
    ) -> list[Hypothesis]:
        """Search.

        Args:
            probabilities: (T, K), class 0 is the blank, class i + 1 is ``characters[i]``.
            characters: K - 1 characters.
            max_visual_loss: Continuations whose log-probability by the frames is lower than that of
                the most probable prefix by more than this are dropped.

        Returns:
            At most ``beam`` hypotheses, best first.
        """
        folded = _folded(characters, self.model.letters)
        visual_floor = math.exp(-max_visual_loss)
        kept = [_Prefix(None, 0, self.model.start, 0, 0.0, self._lift(0.0), blank=1.0)]
        considered = probabilities >= self.min_prob
        considered[:, 0] = False
        frames, classes = np.nonzero(considered)
        likeliest = np.lexsort((-probabilities[frames, classes], frames))
        tokens_of: list[list[int]] = [[] for _ in probabilities]
        for frame, token in zip(
            frames[likeliest].tolist(), classes[likeliest].tolist(), strict=True
        ):
            tokens_of[frame].append(token)
        for row, tokens in zip(probabilities.tolist(), tokens_of, strict=True):
            if tokens:
                reached = self._step(kept, row, tokens, folded, visual_floor)
            else:
                reached = _wait(kept, row)
            kept = self._prune(reached)
        found = []
        for prefix in kept:
            if prefix.score > -math.inf:
                visual = prefix.score - prefix.bonus
                language = self._ended(prefix.state, prefix.letters)
                found.append(Hypothesis(prefix.tokens(), visual + language, visual))
        return sorted(found, key=lambda hypothesis: -hypothesis.score)

    def _ended(self, state: LanguageState | None, letters: int) -> float:
        if state is None or not letters:
            return 0.0
        return self.weight * self.model.end(state) + self.length_bonus * letters

    def _step(
        self,
        kept: list[_Prefix],
        row: list[float],
        tokens: list[int],
        folded: list[str],
        visual_floor: float,
    ) -> list[_Prefix]:
        """Everything that the prefixes become with one more frame.

        Args:
            kept: The prefixes.
            row: Probabilities of the frame.
            tokens: Classes that are considered in it, the likeliest first.
            folded: See :func:`_folded`.
            visual_floor: Continuations need this share of the likeliest prefix's probability.
        """
        reached = list(kept)
        new: list[tuple[float, _Prefix, int]] = []
        # Beyond the length bonus, language only takes away from the score that a prefix has.
        floor = math.exp(max(prefix.score for prefix in kept) - self.prune_margin)
        visual_floor *= max(prefix.blank + prefix.last for prefix in kept)
        for prefix in kept:
            blank, last = prefix.blank, prefix.last
            whole = blank + last
            prefix.next_blank += whole * row[0]
            if last:
                prefix.next_last += last * row[prefix.token]
            # A digit sets the bonus to 0, which may be more than it was.
            lowest = max(floor / math.exp(max(prefix.bonus, 0.0)), visual_floor)
            for token in tokens:
                gain = whole * row[token]
                if gain <= lowest:
                    break
                if token == prefix.token:
                    # A character is only repeated across a blank.
                    gain = blank * row[token]
                    if gain <= lowest:
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
        log, more = math.log, max(self.length_bonus, 0.0)
        totals = [(prefix.next_blank + prefix.next_last, prefix.bonus) for prefix in reached]
        scores = [log(total) + bonus for total, bonus in totals if total > 0]
        best = nlargest(self.beam, scores)
        heapify(best)
        if len(best) == self.beam and abs(best[0]) < _LARGEST_LOG:
            # A product and a comparison each: logarithms and their order are for what is left.
            floor = math.exp(best[0]) * _SLACK
            new = [
                each
                for each in new
                if each[0] * (1.0 if DIGIT in folded[each[2]] else each[1].lift) >= floor
            ]
        hopes = [
            (log(gain) + (0.0 if DIGIT in folded[token] else prefix.bonus + more), i)
            for i, (gain, prefix, token) in enumerate(new)
        ]
        hopes.sort(reverse=True)
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
        state, letters, bonus = prefix.state, prefix.letters, prefix.bonus
        if DIGIT in folded:
            state, bonus = None, 0.0
        elif folded and state is not None:
            state = self.model.advance_folded(state, folded)
            letters += len(folded)
            bonus = self.weight * state.log_probability + self.length_bonus * letters
        longer = _Prefix(prefix, token, state, letters, bonus, self._lift(bonus))
        prefix.longer[token] = longer
        return longer

    def _lift(self, bonus: float) -> float:
        exponent = bonus + max(self.length_bonus, 0.0)
        return math.exp(exponent) if exponent < _LARGEST_LOG else math.inf

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
def _folded(characters: str, letters: str) -> list[str]:
    """What :func:`fold` makes of each class; the blank's is never asked for."""
    return ["", *(fold(character, letters) for character in characters)]


def _wait(kept: list[_Prefix], row: list[float]) -> list[_Prefix]:
    """One more frame in which nothing but the blank is likely."""
    for prefix in kept:
        prefix.next_blank = (prefix.blank + prefix.last) * row[0]
        prefix.next_last = prefix.last * row[prefix.token]
    return kept


def align(probabilities: np.ndarray, words: Sequence[Sequence[int]]) -> list[list[int]]:
    """The frames of the characters of readings, each on its most probable path.

    Args:
        probabilities: (T, K) with the blank first.
        words: At least one reading of L classes each; all are aligned together.

    Returns:
        L ascending frames per reading, or an empty list if there are too few frames for it.
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
