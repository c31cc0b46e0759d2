"""CTC decoding in which a language model corrects readings with a low score."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from spotter.decoding.beam_search import CTCBeamSearch, Hypothesis, align
from spotter.decoding.corpus import DIGIT
from spotter.decoding.ctc import Decoded, decode_ctc
from spotter.decoding.evidence import (
    ctc_log_probability,
    lock_clear_frames,
    protected_characters,
)
from spotter.decoding.language_model import LanguageModel
from spotter.errors import ConfigError

Rescorer = Callable[[list[str]], np.ndarray]
"""Words to their log-probabilities (N,), given a crop."""


_FEW_LETTERS = 3
_VISUAL_WEIGHT_OF_VIEWS = 0.25
# What is less likely than something else was not seen clearly.
_LEAST_LOCK = 0.5


class CaseFolding:
    """Maps upper and lower case of a character set to one class.

    Args:
        characters: The characters of a recognizer; class i + 1 is ``characters[i]``.

    Attributes:
        characters: The folded characters; class i + 1 is ``characters[i]``.
    """

    def __init__(self, characters: str) -> None:
        lower = [c.lower() if len(c.lower()) == 1 else c for c in characters]
        self.characters = "".join(dict.fromkeys(lower))
        index = {character: i for i, character in enumerate(self.characters, start=1)}
        classes: np.ndarray = np.array([0, *(index[c] for c in lower)])
        self._token_of = dict(zip(characters, classes[1:].tolist(), strict=True))
        self._order = classes.argsort(kind="stable")
        counts = np.bincount(classes, minlength=len(index) + 1)
        self._starts: np.ndarray = np.cumsum(counts) - counts
        self._variants = np.split(self._order, self._starts[1:])

    def fold(self, probabilities: np.ndarray) -> np.ndarray:
        """Sum probabilities (T, K) over upper and lower case: (T, F)."""
        return np.add.reduceat(probabilities[:, self._order], self._starts, axis=1)

    def tokens(self, text: str) -> list[int]:
        """Folded classes of a word."""
        return [self._token_of[character] for character in text]

    def unfold(self, token: int, frame: np.ndarray) -> int:
        """The most probable class (of K) in a frame (K,) among those that fold to a token."""
        variants = self._variants[token]
        return int(variants[frame[variants].argmax()])


class LanguageDecoder:
    """A decoder (:data:`spotter.decoding.ctc.Decoder`) for CTC.

    A greedy reading is kept if its score is at least ``threshold``, as it needs no correction, or
    below ``min_greedy_score``, as it is more likely noise than a word. For the others a beam search
    with folded case is run, and the case that is more probable by the frames is then restored,
    character by character.

    The language model may only choose between readings that are probable by the frames:

    - A character with a probability of ``lock_probability`` or more is neither changed nor left
      out, and nothing is inserted into gaps of that probability.
    - A reading's log-probability by the frames is at most ``max_visual_loss`` below that of the
      visually best reading.
    - It is at most ``max_visual_tie`` below if one of the two has a digit, or if they differ in
      characters other than the letters of the model, a to z for Latin ones: in marks, or letters
      with accents.

    The score of a reading of L characters is √share · P_CTC^(1/√L). Its share among the allowed
    hypotheses, exp(score) / Σ exp(score), measures how much better it is than other words; P_CTC,
    its probability by the frames, how well it was seen. P_CTC alone would be too low for long
    words. Letter sequences that occur in no word, and were not seen clearly, are often of another
    script: ``implausible_weight`` times their implausibility (:func:`implausibility`) is subtracted
    from the logit of the score. ``visual_score`` is the score of the greedy reading.

    With a rescorer, ``rescoring`` · log P_rescorer(word) is added to the scores of the best
    hypotheses, in the case that is more probable by the frames. The share of the best of these
    gives the reading's ``preference``, by which readings of several views are compared; in it, the
    frames have a quarter of the weight that they have in the score. The score itself does not
    change, as a rescorer that uses the same frames also favours words where there is none.

    Args:
        search: The beam search.
        threshold: Greedy readings with at least this score are kept.
        min_greedy_score: Greedy readings with a lower score are kept.
        rescoring: Weight of the rescorer's log-probability.
        hypotheses: Largest number of hypotheses that are rescored.
        beam_delta: Hypotheses whose score is lower than the best by more than this are not
            rescored.
        lock_probability: Least probability of a clearly seen character or gap; above 1: none is.
        max_visual_loss: Largest loss of log-probability (natural logarithm) by the frames.
        max_visual_tie: The same for readings that differ in more than the letters a to z.
        implausible_weight: Weight of the implausibility of letter sequences; 0 turns this off.

    Raises:
        ConfigError: ``min_greedy_score`` is above ``threshold``, or a setting is out of range.
    """

    def __init__(
        self,
        search: CTCBeamSearch,
        threshold: float = 0.9,
        min_greedy_score: float = 1e-3,
        rescoring: float = 0.0,
        hypotheses: int = 8,
        beam_delta: float = 5.0,
        lock_probability: float = 0.99,
        max_visual_loss: float = 12.0,
        max_visual_tie: float = 0.7,
        implausible_weight: float = 1.0,
    ) -> None:
        if not 0 <= min_greedy_score <= threshold:
            raise ConfigError(
                f"min_greedy_score={min_greedy_score} must lie in 0..threshold={threshold}"
            )
        if rescoring < 0 or hypotheses < 1 or beam_delta < 0:
            raise ConfigError(
                f"rescoring={rescoring} and beam_delta={beam_delta} are at least 0, and"
                f" hypotheses={hypotheses} at least 1"
            )
        if not lock_probability > _LEAST_LOCK or min(max_visual_loss, max_visual_tie) < 0:
            raise ConfigError(
                f"lock_probability={lock_probability} is above {_LEAST_LOCK};"
                f" max_visual_loss={max_visual_loss} and max_visual_tie={max_visual_tie} are at"
                " least 0"
            )
        if implausible_weight < 0:
            raise ConfigError(f"implausible_weight={implausible_weight} is at least 0")
        self.search = search
        self.threshold = threshold
        self.min_greedy_score = min_greedy_score
        self.rescoring = rescoring
        self.hypotheses = hypotheses
        self.beam_delta = beam_delta
        self.lock_probability = lock_probability
        self.max_visual_loss = max_visual_loss
        self.max_visual_tie = max_visual_tie
        self.implausible_weight = implausible_weight
        self._folding = lru_cache(maxsize=8)(CaseFolding)

    @classmethod
    def open(
        cls, source: LanguageDecoder | LanguageModel | str | Path, **settings: float
    ) -> LanguageDecoder:
        """Make a decoder from a language model or its file; a decoder is returned as it is.

        Args:
            source: The model, its file, or a decoder.
            **settings: Arguments of this class or of :class:`CTCBeamSearch`.

        Raises:
            WeightsError: The file is missing or not a language model.
            ConfigError: There is no such setting.
        """
        if isinstance(source, LanguageDecoder):
            return source
        model = source if isinstance(source, LanguageModel) else LanguageModel.load(source)
        mine = set(inspect.signature(cls).parameters) - {"search"}
        own = {name: settings.pop(name) for name in mine & set(settings)}
        unknown = sorted(set(settings) - set(inspect.signature(CTCBeamSearch).parameters))
        if unknown:
            raise ConfigError(f"a language has no setting {', '.join(unknown)}")
        return cls(CTCBeamSearch(model, **settings), **own)  # type: ignore[arg-type]

    def __call__(
        self, logits: np.ndarray, characters: str, mask: np.ndarray | None = None
    ) -> list[Decoded]:
        """Decode logits (N, T, K) to N readings, see :func:`spotter.decoding.ctc.decode_ctc`."""
        readings = decode_ctc(logits, characters, mask)
        for index, reading in enumerate(readings):
            shown = logits[index] if mask is None else logits[index][mask[index]]
            readings[index] = self.reread(shown, characters, reading)
        return readings

    def reread(
        self, logits: np.ndarray, characters: str, greedy: Decoded, rescorer: Rescorer | None = None
    ) -> Decoded:
        """The reading of one crop, with the language model if its greedy score is low.

        Args:
            logits: (T, K), as in :meth:`__call__`.
            characters: K - 1 characters.
            greedy: The greedy reading, of :func:`spotter.decoding.ctc.decode_ctc`.
            rescorer: Rescorer of this crop, if there is one.
        """
        if not self.min_greedy_score <= greedy.score < self.threshold:
            return greedy
        return self._search(logits, characters, greedy, rescorer if self.rescoring else None)

    def _search(
        self, logits: np.ndarray, characters: str, greedy: Decoded, rescorer: Rescorer | None
    ) -> Decoded:
        folding = self._folding(characters)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        folded = folding.fold(probabilities)
        locked, everywhere = lock_clear_frames(folded, self.lock_probability)
        seen = folding.tokens(greedy.text)
        if everywhere:
            visual = ctc_log_probability(folded, seen)
            score = self._score(greedy.text, 1.0, visual)
            rescored = None if rescorer is None else self._preference(greedy.text, 1.0, visual)
            return replace(greedy, score=score, visual_score=greedy.score, preference=rescored)
        found = self._allowed(locked, folding.characters, seen)
        if not found[0].tokens:
            return greedy

        def unfold(words: list[list[int]]) -> list[tuple[str, list[float]]]:
            unfolded = []
            for word, frames in zip(words, align(folded, words), strict=True):
                places = list(zip(word, frames, strict=True))
                classes = [folding.unfold(token, probabilities[frame]) for token, frame in places]
                scores = [float(folded[frame, token]) for token, frame in places]
                unfolded.append(("".join(characters[c - 1] for c in classes), scores))
            return unfolded

        first, share, rescored = found[0], _share_of_best(found), None
        if rescorer is not None:
            found = self._rescored(
                found, lambda words: [text for text, _ in unfold(words)], rescorer
            )
            rescored = _share_of_best(found)
        tokens = found[0].tokens
        if tokens == seen:
            text, scores = greedy.text, greedy.character_scores
        else:
            ((text, scores),) = unfold([tokens])
        visual = ctc_log_probability(folded, tokens)
        preference = None if rescored is None else self._preference(text, rescored, visual)
        if tokens != first.tokens:
            visual = min(visual, ctc_log_probability(folded, first.tokens))
        return Decoded(text, scores, self._score(text, share, visual), greedy.score, preference)

    def _allowed(
        self, probabilities: np.ndarray, characters: str, seen: list[int]
    ) -> list[Hypothesis]:
        """The hypotheses between which language may choose, best first.

        Args:
            probabilities: (T, F) with clear frames locked.
            characters: F - 1 folded characters.
            seen: Classes of the greedy reading.
        """
        found = self.search(probabilities, characters, self.max_visual_loss)
        if all(hypothesis.tokens != seen for hypothesis in found):
            visual = ctc_log_probability(probabilities, seen)
            text = _spelled(seen, characters)
            found.append(Hypothesis(seen, visual + self.search.language(text), visual))
        best = max(found, key=lambda hypothesis: hypothesis.visual)
        letters = self.search.model.letters
        kept = protected_characters(_spelled(best.tokens, characters), letters)
        coded = any(c.isdigit() for c in kept)

        def is_allowed(hypothesis: Hypothesis) -> bool:
            loss = best.visual - hypothesis.visual
            if loss <= min(self.max_visual_tie, self.max_visual_loss):
                return True
            if loss > self.max_visual_loss or coded:
                return False
            return protected_characters(_spelled(hypothesis.tokens, characters), letters) == kept

        return sorted(filter(is_allowed, found), key=lambda hypothesis: -hypothesis.score)

    def _preference(self, text: str, share: float, visual: float) -> float:
        """By which readings of several views are compared.

        Language has more say than in a score, except where it cannot tell words from others.
        """
        if any(character.isdigit() for character in text):
            return self._score(text, share, visual)
        return share * math.exp(_VISUAL_WEIGHT_OF_VIEWS * visual / math.sqrt(len(text)))

    def _score(self, text: str, share: float, visual: float) -> float:
        """How sure a reading is, see the class.

        Args:
            text: The reading; not empty.
            share: Among the hypotheses.
            visual: Its log-probability by the frames.
        """
        log_score = 0.5 * math.log(share) + visual / math.sqrt(len(text))
        loss = self.implausible_weight * implausibility(self.search.model, text)
        # sigmoid(logit(score) - loss) without a logit of 1.
        score = math.exp(min(log_score, 0.0))
        return score / (score + (1.0 - score) * math.exp(loss))

    def _rescored(
        self,
        found: list[Hypothesis],
        spell: Callable[[list[list[int]]], list[str]],
        rescorer: Rescorer,
    ) -> list[Hypothesis]:
        """The hypotheses with the scores that the rescorer gives them, best first."""
        floor = found[0].score - self.beam_delta
        chosen = [h for h in found[: self.hypotheses] if h.tokens and h.score >= floor]
        if len(chosen) < 2:
            return found
        says = rescorer(spell([hypothesis.tokens for hypothesis in chosen]))
        scored = [
            hypothesis._replace(score=hypothesis.score + self.rescoring * float(said))
            for hypothesis, said in zip(chosen, says, strict=True)
        ]
        return sorted(scored, key=lambda hypothesis: -hypothesis.score)


def _spelled(tokens: list[int], characters: str) -> str:
    return "".join(characters[token - 1] for token in tokens)


def implausibility(model: LanguageModel, text: str) -> float:
    """How improbable the letter sequence of a word is under a language model, in nats.

    The mean over the letters of log P(uniform letter) - log P(letter), at least 0; plus 1 if upper
    and lower case are mixed as in no word, which happens with letters of other scripts that look
    like Latin ones.

    Args:
        model: The language model.
        text: A word.

    Returns:
        At least 0; 0 for words with a digit or with fewer than three letters.
    """
    letters = model.fold(text)
    if DIGIT in letters or len(letters) < _FEW_LETTERS:
        return 0.0
    rises = [one.islower() and other.isupper() for one, other in itertools.pairwise(text)]
    odd_case = sum(rises) > 1 or any(rises[-1:])
    uniform = -math.log(len(model.letters)) * len(letters)
    return max(0.0, uniform - model.log_probability(letters)) / len(letters) + odd_case


def _share_of_best(found: list[Hypothesis]) -> float:
    """exp(score) / Σ exp(score) of the first of the hypotheses, which is the best."""
    return float(
        1.0 / np.exp(np.array([hypothesis.score for hypothesis in found]) - found[0].score).sum()
    )
