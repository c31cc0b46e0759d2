"""Greedy decoding of a recognizer's logits, in numpy: one implementation for every runtime."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

_LEAST_SPACE = 0.1
"""Probability of a space from which on it is seen: words that stand close show less of one, and
within words it stays far below."""


@dataclass
class Decoded:
    """One reading.

    Attributes:
        text: The word; may be empty.
        character_scores: One probability per character.
        score: Product of the highest probability of each step: for CTC the frames that emit a
            character, else the characters and the end token. An empty CTC reading scores 0. With a
            language model, see :class:`spotter.decoding.LanguageDecoder`.
        visual_score: The score of the greedy reading, if a language model was used.
        preference: The value by which several readings of one word are compared; ``None``: their
            score.
    """

    text: str
    character_scores: list[float] = field(default_factory=list)
    score: float = 0.0
    visual_score: float | None = None
    preference: float | None = None


#: (logits (N, S, K), characters, mask (N, S) or None) to N readings.
Decoder = Callable[[np.ndarray, str, "np.ndarray | None"], list[Decoded]]


def attention_tokens(texts: Sequence[str], characters: str) -> np.ndarray:
    """Words as input of autoregressive decoders: BOS, characters, end, then padding.

    Args:
        texts: N words.
        characters: The C characters; ``characters[i]`` is token i + 1, the end is token 0, BOS
            C + 1, padding C + 2.

    Returns:
        (N, L + 2) int64, L the length of the longest.
    """
    places = {character: place for place, character in enumerate(characters, start=1)}
    length = max(map(len, texts), default=0)
    tokens: np.ndarray = np.full((len(texts), length + 2), len(characters) + 2, np.int64)
    tokens[:, 0] = len(characters) + 1
    for row, text in zip(tokens, texts, strict=True):
        row[1 : len(text) + 2] = [*(places[character] for character in text), 0]
    return tokens


def step_maxima(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Most probable class of every step, and its softmax probability.

    Args:
        logits: (N, S, K) float.

    Returns:
        Classes (N, S) int64 and probabilities (N, S) float32.
    """
    path = logits.argmax(axis=-1)
    largest = np.take_along_axis(logits, path[..., None], axis=-1)
    # softmax at the maximum is 1 / sum(exp(x - max)).
    return path, 1.0 / np.exp(logits - largest, dtype=np.float32).sum(axis=-1)


@dataclass(frozen=True)
class Spaceless:
    """The output of a recognizer whose characters include the space, as words are decoded.

    Attributes:
        logits: (N, T, K') float, without the class of the space.
        characters: Of classes 1 and up of them.
        spaces: For each crop, where there is a space between two characters of its most probable
            path, or likely is one instead of a blank: the middles of such runs of frames, as shares
            of the T frames.
    """

    logits: np.ndarray
    characters: str
    spaces: list[tuple[float, ...]]


def take_out_space(logits: np.ndarray, characters: str) -> Spaceless:
    """Count the space of CTC's output as a blank, and say where it was most probable.

    Args:
        logits: (N, T, K) float; class 0 is the blank, class i + 1 is ``characters[i]``.
        characters: K - 1 characters; without a space among them the output stays as it is.

    Returns:
        The output with K' = K - 1 classes, and where the spaces were.
    """
    if " " not in characters:
        return Spaceless(logits, characters, [()] * len(logits))
    space = characters.index(" ") + 1
    rest = np.delete(logits, space, axis=-1)
    rest[..., 0] = np.logaddexp(logits[..., 0], logits[..., space])
    path, maxima = step_maxima(logits)
    likely = maxima * np.exp(logits[..., space] - logits.max(axis=-1)) >= _LEAST_SPACE
    is_alnum = np.array([False, *map(str.isalnum, characters)])
    spaces = [
        _inner_spaces(each, each == space, frames, is_alnum)
        for each, frames in zip(path, likely, strict=True)
    ]
    return Spaceless(rest, characters.replace(" ", ""), spaces)


def _inner_spaces(
    path: np.ndarray, seen: np.ndarray, likely: np.ndarray, is_alnum: np.ndarray
) -> tuple[float, ...]:
    """Middles of the spaces between two characters, as shares of the path.

    Args:
        path: (T,) classes.
        seen: (T,) bool, which of them are the space.
        likely: (T,) bool, where it is likely; counts between letters and digits.
        is_alnum: (K,) bool, which classes are letters or digits.
    """
    characters = np.flatnonzero((path != 0) & ~seen)
    frames = np.flatnonzero(seen | likely & (path == 0))
    if not len(frames) or not len(characters):
        return ()
    frames = frames[(frames > characters[0]) & (frames < characters[-1])]
    # Runs that only blanks part are one space.
    places = np.searchsorted(characters, frames)
    middles = []
    for place in np.unique(places):
        run = frames[places == place]
        ends = path[characters[place - 1]], path[characters[place]]
        if seen[run].any() or all(is_alnum[end] for end in ends):
            middles.append(float((run.mean() + 0.5) / len(path)))
    return tuple(middles)


def decode_ctc(
    logits: np.ndarray, characters: str, mask: np.ndarray | None = None
) -> list[Decoded]:
    """Best paths of connectionist temporal classification (Graves et al., ICML 2006, section 3.2).

    Repeated classes are merged, then blanks are dropped. The score of a character is the highest
    probability in its run of frames.

    Args:
        logits: (N, T, K) float; class 0 is the blank, class i + 1 is ``characters[i]``.
        characters: K - 1 characters.
        mask: (N, T) bool, true for frames of the crop, false for padding.

    Returns:
        N readings.
    """
    path, maxima = step_maxima(logits)
    if mask is not None:
        path = np.where(mask, path, 0)
    readings = []
    for tokens, values in zip(path, maxima, strict=True):
        text: list[str] = []
        scores: list[float] = []
        last_frame, last_token = -2, 0
        frames = np.flatnonzero(tokens)
        for frame, token, value in zip(
            frames.tolist(), tokens[frames].tolist(), values[frames].tolist(), strict=True
        ):
            if token == last_token and frame == last_frame + 1:
                scores[-1] = max(scores[-1], value)
            else:
                text.append(characters[token - 1])
                scores.append(value)
            last_frame, last_token = frame, token
        readings.append(Decoded("".join(text), scores, math.prod(scores) if text else 0.0))
    return readings


def decode_until_end(
    logits: np.ndarray, characters: str, mask: np.ndarray | None = None
) -> list[Decoded]:
    """Decode the logits of attention and parallel decoders, each up to its first end token.

    A word without end token has S characters, and its score is the product over these alone.

    Args:
        logits: (N, S, K) float; class 0 is the end, class i + 1 is ``characters[i]``.
        characters: K - 1 characters.
        mask: Not used: the models hide padding from these decoders.

    Returns:
        N readings.
    """
    path, maxima = step_maxima(logits)
    readings = []
    for tokens, values in zip(path.tolist(), maxima.tolist(), strict=True):
        end = tokens.index(0) if 0 in tokens else len(tokens)
        text = "".join(characters[token - 1] for token in tokens[:end])
        readings.append(Decoded(text, values[:end], math.prod(values[: end + 1])))
    return readings
