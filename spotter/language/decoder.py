"""Greedy CTC readings, and a language model's help for those that are not sure of themselves."""

from __future__ import annotations

import inspect
from functools import lru_cache
from pathlib import Path

import numpy as np

from spotter.decoding import Decoded, decode_ctc
from spotter.errors import ConfigError
from spotter.language.beam_search import CTCBeamSearch, align
from spotter.language.model import LanguageModel


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
    """A decoder (:data:`spotter.decoding.Decoder`) for CTC.

    A word whose greedy score reaches ``threshold`` is taken as it is, and so costs nothing; so is
    one below ``hopeless``, which no word of the language would explain better than noise. The
    others are searched with case folded, and the case that the frames favour is put back, character
    by character.

    The score of a searched word is its share among the hypotheses of the beam, exp(score) /
    Σ exp(score): unlike the product of the step maxima it knows that no other word comes near.
    ``visual_score`` keeps that product, of the greedy reading.

    Args:
        search: The search.
        threshold: Greedy score from which on no language is needed.
        hopeless: Greedy score below which none is asked for.

    Raises:
        ConfigError: The two scores are not in order.
    """

    def __init__(
        self, search: CTCBeamSearch, threshold: float = 0.9, hopeless: float = 1e-3
    ) -> None:
        if not 0 <= hopeless <= threshold:
            raise ConfigError(f"hopeless={hopeless} must lie in 0..threshold={threshold}")
        self.search = search
        self.threshold = threshold
        self.hopeless = hopeless
        self._folding = lru_cache(maxsize=8)(CaseFolding)

    @classmethod
    def open(
        cls, source: LanguageDecoder | LanguageModel | str | Path, **settings: float
    ) -> LanguageDecoder:
        """A decoder from a model or its file; a decoder as it is.

        Args:
            source: The model.
            **settings: ``threshold``, ``hopeless``, or any of :class:`CTCBeamSearch`.

        Raises:
            WeightsError: The file is missing or not a language model.
            ConfigError: A setting that does not exist.
        """
        if isinstance(source, LanguageDecoder):
            return source
        model = source if isinstance(source, LanguageModel) else LanguageModel.load(source)
        own = {name: settings.pop(name) for name in ("threshold", "hopeless") if name in settings}
        unknown = sorted(set(settings) - set(inspect.signature(CTCBeamSearch).parameters))
        if unknown:
            raise ConfigError(f"a language has no setting {', '.join(unknown)}")
        return cls(CTCBeamSearch(model, **settings), **own)  # type: ignore[arg-type]

    def __call__(
        self, logits: np.ndarray, characters: str, mask: np.ndarray | None = None
    ) -> list[Decoded]:
        """N readings of logits (N, T, K), see :func:`spotter.decoding.decode_ctc`."""
        readings = decode_ctc(logits, characters, mask)
        for index, reading in enumerate(readings):
            shown = logits[index] if mask is None else logits[index][mask[index]]
            readings[index] = self.reread(shown, characters, reading)
        return readings

    def reread(self, logits: np.ndarray, characters: str, greedy: Decoded) -> Decoded:
        """The reading of one crop, by language if its greedy reading asks for that.

        Args:
            logits: (T, K), as in :meth:`__call__`.
            characters: K - 1 characters.
            greedy: What :func:`spotter.decoding.decode_ctc` reads.
        """
        if not self.hopeless <= greedy.score < self.threshold:
            return greedy
        return self._search(logits, characters, greedy)

    def _search(self, logits: np.ndarray, characters: str, greedy: Decoded) -> Decoded:
        folding = self._folding(characters)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        folded = folding.fold(probabilities)
        found = self.search(folded, folding.characters)
        tokens, best = found[0]
        if not tokens:
            return greedy
        share = float(1.0 / np.exp(np.array([score for _, score in found]) - best).sum())
        text = "".join(folding.characters[token - 1] for token in tokens)
        if text == greedy.text.lower():
            return Decoded(greedy.text, greedy.character_scores, share, greedy.score)
        frames = align(folded, tokens)
        places = list(zip(tokens, frames, strict=True))
        scores = [float(folded[frame, token]) for token, frame in places]
        classes = [folding.unfold(token, probabilities[frame]) for token, frame in places]
        return Decoded("".join(characters[c - 1] for c in classes), scores, share, greedy.score)
