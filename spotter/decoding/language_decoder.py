"""Greedy CTC readings, and a language model's help for those that are not sure of themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

from spotter.decoding.beam_search import CTCBeamSearch, align
from spotter.decoding.ctc import Decoded, decode_ctc
from spotter.decoding.language_model import LanguageModel
from spotter.errors import ConfigError

Judge = Callable[[list[str]], np.ndarray]
"""Words to their log-probabilities (N,), given a crop."""


class CaseFolding:
    """Upper and lower case of a character set as one class.

    Args:
        characters: The characters of a recognizer; class i + 1 is ``characters[i]``.

    Attributes:
        characters: The folded ones, likewise.
    """

    def __init__(self, characters: str) -> None:
        lower = [c.lower() if len(c.lower()) == 1 else c for c in characters]
        self.characters = "".join(dict.fromkeys(lower))
        index = {character: i for i, character in enumerate(self.characters, start=1)}
        classes: np.ndarray = np.array([0, *(index[c] for c in lower)])
        self._order = classes.argsort(kind="stable")
        counts = np.bincount(classes, minlength=len(index) + 1)
        self._starts: np.ndarray = np.cumsum(counts) - counts
        self._variants = np.split(self._order, self._starts[1:])

    def fold(self, probabilities: np.ndarray) -> np.ndarray:
        """(T, K) probabilities summed over the cases: (T, F)."""
        return np.add.reduceat(probabilities[:, self._order], self._starts, axis=1)

    def unfold(self, token: int, frame: np.ndarray) -> int:
        """The likeliest class (of K) among those that fold to a token, in a frame (K,)."""
        variants = self._variants[token]
        return int(variants[frame[variants].argmax()])


class LanguageDecoder:
    """A decoder (:data:`spotter.decoding.ctc.Decoder`) for CTC.

    A word whose greedy score reaches ``threshold`` is taken as it is, and so costs nothing; so is
    one below ``hopeless``, which no word of the language would explain better than noise. The
    others are searched with case folded, and the case that the frames favour is put back, character
    by character.

    The score of a searched word is its share among the hypotheses of the beam, exp(score) /
    Σ exp(score): unlike the product of the step maxima it knows that no other word comes near.
    ``visual_score`` keeps that product, of the greedy reading.

    A judge may have a say: the best hypotheses of the search, in the case that the frames favour,
    then score ``rescoring`` · log P_judge(word) more. The share of the best among these is the
    reading's ``preference`` beside those of other looks. Its score stays the share of the best
    before: a judge who saw the same frames makes words of what is none, too.

    Args:
        search: The search.
        threshold: Greedy score from which on no language is needed.
        hopeless: Greedy score below which none is asked for.
        rescoring: Weight of a judge's log-probability.
        hypotheses: How many are judged at most.
        spread: Those whose score is lower by more than this than the best are not judged.

    Raises:
        ConfigError: The two scores are not in order, or a setting is out of range.
    """

    def __init__(
        self,
        search: CTCBeamSearch,
        threshold: float = 0.9,
        hopeless: float = 1e-3,
        rescoring: float = 0.0,
        hypotheses: int = 8,
        spread: float = 5.0,
    ) -> None:
        if not 0 <= hopeless <= threshold:
            raise ConfigError(f"hopeless={hopeless} must lie in 0..threshold={threshold}")
        if rescoring < 0 or hypotheses < 1 or spread < 0:
            raise ConfigError(
                f"rescoring={rescoring} and spread={spread} are at least 0, and"
                f" hypotheses={hypotheses} at least 1"
            )
        self.search = search
        self.threshold = threshold
        self.hopeless = hopeless
        self.rescoring = rescoring
        self.hypotheses = hypotheses
        self.spread = spread
        self._folding = lru_cache(maxsize=8)(CaseFolding)

    @classmethod
    def open(
        cls, source: LanguageDecoder | LanguageModel | str | Path, **settings: float
    ) -> LanguageDecoder:
        """A decoder from a model or its file; a decoder as it is.

        Args:
            source: The model.
            **settings: Those of the class, or any of :class:`CTCBeamSearch`.

        Raises:
            WeightsError: The file is missing or not a language model.
            ConfigError: A setting that does not exist.
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
        """N readings of logits (N, T, K), see :func:`spotter.decoding.ctc.decode_ctc`."""
        readings = decode_ctc(logits, characters, mask)
        for index, reading in enumerate(readings):
            shown = logits[index] if mask is None else logits[index][mask[index]]
            readings[index] = self.reread(shown, characters, reading)
        return readings

    def reread(
        self, logits: np.ndarray, characters: str, greedy: Decoded, judge: Judge | None = None
    ) -> Decoded:
        """The reading of one crop, by language if its greedy reading asks for that.

        Args:
            logits: (T, K), as in :meth:`__call__`.
            characters: K - 1 characters.
            greedy: What :func:`spotter.decoding.ctc.decode_ctc` reads.
            judge: Of this crop.
        """
        if not self.hopeless <= greedy.score < self.threshold:
            return greedy
        return self._search(logits, characters, greedy, judge if self.rescoring else None)

    def _search(
        self, logits: np.ndarray, characters: str, greedy: Decoded, judge: Judge | None
    ) -> Decoded:
        folding = self._folding(characters)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        folded = folding.fold(probabilities)
        found = self.search(folded, folding.characters)
        if not found[0][0]:
            return greedy

        def unfold(words: list[list[int]]) -> list[tuple[str, list[float]]]:
            unfolded = []
            for word, frames in zip(words, align(folded, words), strict=True):
                places = list(zip(word, frames, strict=True))
                classes = [folding.unfold(token, probabilities[frame]) for token, frame in places]
                scores = [float(folded[frame, token]) for token, frame in places]
                unfolded.append(("".join(characters[c - 1] for c in classes), scores))
            return unfolded

        share, preference = _share_of_best(found), None
        if judge is not None:
            found = self._judged(found, lambda words: [text for text, _ in unfold(words)], judge)
            preference = _share_of_best(found)
        tokens = found[0][0]
        text = "".join(folding.characters[token - 1] for token in tokens)
        if text == greedy.text.lower():
            text, scores = greedy.text, greedy.character_scores
        else:
            ((text, scores),) = unfold([tokens])
        return Decoded(text, scores, share, greedy.score, preference)

    def _judged(
        self,
        found: list[tuple[list[int], float]],
        spell: Callable[[list[list[int]]], list[str]],
        judge: Judge,
    ) -> list[tuple[list[int], float]]:
        """The hypotheses that a judge has had a say about, best first."""
        floor = found[0][1] - self.spread
        chosen = [(t, score) for t, score in found[: self.hypotheses] if t and score >= floor]
        if len(chosen) < 2:
            return found
        says = judge(spell([tokens for tokens, _ in chosen]))
        scored = [
            (tokens, score + self.rescoring * float(said))
            for (tokens, score), said in zip(chosen, says, strict=True)
        ]
        return sorted(scored, key=lambda item: -item[1])


def _share_of_best(found: list[tuple[list[int], float]]) -> float:
    """exp(score) / Σ exp(score) of the first of the hypotheses, which is the best."""
    return float(1.0 / np.exp(np.array([score for _, score in found]) - found[0][1]).sum())
