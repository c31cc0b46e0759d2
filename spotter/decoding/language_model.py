"""A language model of single words: known words, plausible words, numbers, codes, symbols."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spotter.decoding.corpus import DIGIT, LETTERS, WordSource, fold, fold_counts, letters_of
from spotter.decoding.ngram import CharacterNGram
from spotter.decoding.word_prior import WordPrior, WordRange
from spotter.errors import ConfigError, WeightsError
from spotter.io.bounded import failures_as, parse_json, read_arrays
from spotter.io.names import printable_path
from spotter.io.writing import write_file

_FORMAT = 1
_FORMAT_OF_LETTERS = 2
"""Of models of other alphabets than a to z, whose letters are in the file."""
# -log of a word's probability is stored as a byte, in twelfths: down to e^-21.
_STEP = 1 / 12
_SYMBOLS = 32
_NUMBER_END = 0.3
_CODE_END = 0.15
_DIGITS = 10
_MOST_STATES = 50_000
_LEAST = 1e-300


@dataclass(slots=True, eq=False)
class LanguageState:
    """A beginning of a word.

    Attributes:
        words: The known words that begin so.
        context: Context of the n-gram.
        ngram: Probability of the beginning under the n-gram.
        number: Probability under the number model.
        code: Probability under the model of codes.
        log_places: Log-probability of its symbols, and of there being none elsewhere.
        log_probability: Log-probability of all words that begin so.
        longer: Continuations that were computed before.
    """

    words: WordRange
    context: int
    ngram: float
    number: float
    code: float
    log_places: float
    log_probability: float
    longer: dict[str, LanguageState] = field(default_factory=dict)


class LanguageModel:
    """A mixture of four distributions over whole words.

    P(word) = λ_w P_list + λ_d P_number + λ_c P_code + (1 - λ_w - λ_d - λ_c) P_ngram. A number of n
    digits has probability 0.1^n 0.7^(n-1) 0.3. A code of n letters and digits, which are equally
    probable, has probability K^-n 0.85^(n-1) 0.15, with K = 36 for the letters a to z, so that no
    word is less probable than a code. Case and accents are folded, and syllables of Hangul are
    taken apart. Before every character and before the end there may be a symbol; all symbols are
    equally probable.

    Args:
        prior: Known words.
        ngram: Character model; its alphabet is that of the model.
        known: λ_w, the weight of the known words.
        numbers: λ_d, the weight of numbers.
        symbols: Probability of a symbol at any place.
        codes: λ_c, the weight of codes.
        card: JSON-ready description of what the model was built from.

    Attributes:
        letters: The alphabet, see :func:`spotter.decoding.corpus.letters_of`.

    Raises:
        ConfigError: The weights are no probabilities.
    """

    def __init__(
        self,
        prior: WordPrior,
        ngram: CharacterNGram,
        known: float = 0.88,
        numbers: float = 0.08,
        symbols: float = 0.01,
        codes: float = 0.0,
        card: dict[str, Any] | None = None,
    ) -> None:
        if min(known, numbers, codes) < 0 or known + numbers + codes >= 1 or not 0 < symbols < 1:
            raise ConfigError(
                f"known={known}, numbers={numbers}, codes={codes} and symbols={symbols} are no"
                " probabilities that leave something to the n-gram"
            )
        self.prior = prior
        self.ngram = ngram
        self.known = known
        self.numbers = numbers
        self.codes = codes
        self.plausible = 1.0 - known - numbers - codes
        self.symbols = symbols
        self.card = card or {}
        self._log_symbol = math.log(symbols / _SYMBOLS)
        self._log_place = math.log1p(-symbols)
        self._states = 0
        self.letters = ngram.letters
        self._code_character = 1 / (len(self.letters) + _DIGITS)
        self.start = LanguageState(prior.start, ngram.start, 1.0, 1.0, 1.0, 0.0, 0.0)

    def fold(self, text: str) -> str:
        """A text in the alphabet of this model, see :func:`spotter.decoding.corpus.fold`."""
        return fold(text, self.letters)

    @classmethod
    def build(
        cls,
        sources: Iterable[WordSource],
        order: int = 5,
        min_count: float = 1.0,
        known: float = 0.88,
        numbers: float = 0.08,
        symbols: float = 0.01,
        codes: float = 0.02,
    ) -> LanguageModel:
        """Build a model from word lists; the n-gram counts every word once.

        Args:
            sources: The lists.
            order: Order of the n-gram.
            min_count: Rarer n-grams are not stored.
            known: See the class.
            numbers: See the class.
            symbols: See the class.
            codes: See the class.

        Raises:
            ConfigError: There is no word, or an argument is out of range.
        """
        sources = list(sources)
        letters = letters_of(word for source in sources for word in source.counts)
        counts = fold_counts(sources, letters)
        card = {
            "sources": [
                {"name": s.name, "words": len(s.counts), "share": s.share, "power": s.power}
                for s in sources
            ]
        }
        ngram = CharacterNGram.fit(list(counts), order, min_count, letters)
        return cls(WordPrior.from_counts(counts), ngram, known, numbers, symbols, codes, card)

    def advance(self, state: LanguageState, character: str) -> LanguageState:
        """The state after one more character, of any kind."""
        return self.advance_folded(state, self.fold(character))

    def advance_folded(self, state: LanguageState, tokens: str) -> LanguageState:
        """The state after one more character that is already folded, see :func:`fold`."""
        known = state.longer.get(tokens)
        if known is not None:
            return known
        if self._states >= _MOST_STATES:
            # Words begin alike, so states are kept; states in use live on without the root.
            self.start.longer.clear()
            self._states = 0
        self._states += 1
        longer = self._lengthen(state, tokens) if tokens else self._add_symbol(state)
        state.longer[tokens] = longer
        return longer

    def _add_symbol(self, state: LanguageState) -> LanguageState:
        return LanguageState(
            state.words,
            state.context,
            state.ngram,
            state.number,
            state.code,
            state.log_places + self._log_symbol,
            state.log_probability + self._log_symbol,
        )

    def _lengthen(self, state: LanguageState, tokens: str) -> LanguageState:
        words, context, ngram = state.words, state.context, state.ngram
        number, code = state.number, state.code
        # A ligature or a syllable folds to several letters.
        for token in tokens:
            ngram *= self.ngram.probability(context, token)
            context = self.ngram.advance(context, token)
            code *= self._code_character
            if words.prefix:
                code *= 1.0 - _CODE_END
            if token == DIGIT:
                ngram *= 0.1
                number *= 0.1 if not words.prefix else 0.1 * (1.0 - _NUMBER_END)
            else:
                number = 0.0
            words = self.prior.advance(words, token)
        log_places = state.log_places + self._log_place
        mass = self._mix(self._known_mass(words), ngram, number, code)
        return LanguageState(words, context, ngram, number, code, log_places, log_places + mass)

    def end(self, state: LanguageState) -> float:
        """Log-probability of the word if it ends here."""
        known = self.prior.word_probability(state.words) * _digit_factor(state.words.prefix)
        ngram = state.ngram * self.ngram.probability(state.context, "")
        number = state.number * _NUMBER_END if state.words.prefix else 0.0
        code = state.code * _CODE_END if state.words.prefix else 0.0
        return state.log_places + self._log_place + self._mix(known, ngram, number, code)

    def log_probability(self, word: str) -> float:
        """Log-probability of a whole word."""
        state = self.start
        for character in word:
            state = self.advance(state, character)
        return self.end(state)

    def _known_mass(self, words: WordRange) -> float:
        return self.prior.mass(words) * _digit_factor(words.prefix)

    def _mix(self, known: float, ngram: float, number: float, code: float) -> float:
        total = self.known * known + self.numbers * number
        total += self.codes * code + self.plausible * ngram
        # Long nonsense underflows; it is unlikely, not impossible.
        return math.log(total) if total > _LEAST else math.log(_LEAST)

    def save(self, path: str | Path) -> None:
        """Write one compressed ``.npz`` without pickled objects.

        Probabilities are rounded to bytes: by at most 4 % of their value.
        """
        logs = -np.log(self.prior.probabilities)
        codes = np.clip(np.round(logs / _STEP), 0, 255).astype(np.uint8)
        meta = {
            "format": _FORMAT if self.letters == LETTERS else _FORMAT_OF_LETTERS,
            "order": self.ngram.order,
            "known": self.known,
            "numbers": self.numbers,
            "symbols": self.symbols,
            "codes": self.codes,
            "card": self.card,
        }
        if self.letters != LETTERS:
            meta["letters"] = self.letters
        arrays: dict[str, Any] = {
            "meta": np.frombuffer(json.dumps(meta).encode(), np.uint8),
            **_front_code(self.prior.words),
            "word_codes": codes,
            # Neighbours differ little, and little numbers compress well.
            "gram_steps": np.diff(self.ngram.grams, prepend=self.ngram.grams.dtype.type(0)),
            "gram_codes": self.ngram.codes,
        }
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        write_file(path, packed.getvalue())

    @classmethod
    def load(cls, path: str | Path) -> LanguageModel:
        """Load a file that :meth:`save` wrote.

        Raises:
            WeightsError: The file is missing or is no language model.
        """
        name = printable_path(path)
        arrays = read_arrays(path, WeightsError)
        try:
            return cls._from_arrays(arrays, name)
        except ConfigError as error:
            raise WeightsError(f"{name}: not a language model of this toolkit ({error})") from None

    @classmethod
    def _from_arrays(cls, arrays: dict[str, np.ndarray], name: str) -> LanguageModel:
        with failures_as(WeightsError, name, "not a language model of this toolkit"):
            meta = parse_json(arrays["meta"].tobytes(), name, WeightsError)
            if meta["format"] not in (_FORMAT, _FORMAT_OF_LETTERS):
                raise WeightsError(f"{name}: language model of format {meta['format']!r}")
            letters = LETTERS if meta["format"] == _FORMAT else meta["letters"]
            grams = np.cumsum(arrays["gram_steps"], dtype=np.uint64)
            ngram = CharacterNGram(meta["order"], grams, arrays["gram_codes"], letters)
            weights = np.exp(-_STEP * arrays["word_codes"].astype(np.float64))
            prior = WordPrior(_front_decode(arrays), weights)
            names = ("known", "numbers", "symbols", "card")
            own = {name: meta[name] for name in names}
            return cls(prior, ngram, codes=meta.get("codes", 0.0), **own)


def _digit_factor(prefix: str) -> float:
    return 0.1 ** prefix.count(DIGIT) if DIGIT in prefix else 1.0


def _front_code(words: list[str]) -> dict[str, np.ndarray]:
    """Sorted words as the length that each shares with the one before, and the rest."""
    shared, rests = [], []
    before = ""
    for word in words:
        length = 0
        for one, other in zip(before, word, strict=False):
            if one != other:
                break
            length += 1
        shared.append(length)
        rests.append(word[length:])
        before = word
    text = "\n".join(rests).encode()
    return {
        "word_shared": np.array(shared, np.uint8),
        "word_rests": np.frombuffer(text, np.uint8),
    }


def _front_decode(arrays: dict[str, np.ndarray]) -> list[str]:
    words: list[str] = []
    before = ""
    rests = arrays["word_rests"].tobytes().decode().split("\n")
    for length, rest in zip(arrays["word_shared"].tolist(), rests, strict=True):
        before = before[:length] + rest
        words.append(before)
    return words
