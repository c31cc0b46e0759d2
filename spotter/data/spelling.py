"""Spelling noise: typical errors of a recognizer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from spotter.errors import ConfigError

KINDS = ("replace", "insert", "delete", "swap")


class SpellingNoise:
    """Replaces, inserts, deletes and swaps characters.

    Args:
        probability: Of noise in a word at all.
        rate: Share of the characters at which something happens, at least one where there is
            noise; 0.1 is one in ten.
        kinds: Relative weights of ``"replace"``, ``"insert"``, ``"delete"`` and ``"swap"`` (with
            the next character); default: three quarters replacements, the rest evenly.
        characters: What is written instead.

    Raises:
        ConfigError: An unknown kind, or a value outside its range.
    """

    def __init__(
        self,
        probability: float = 0.5,
        rate: float = 0.1,
        kinds: Mapping[str, float] | None = None,
        characters: str = "0123456789abcdefghijklmnopqrstuvwxyz",
    ) -> None:
        weights = dict(kinds or {"replace": 9.0, "insert": 1.0, "delete": 1.0, "swap": 1.0})
        unknown = set(weights) - set(KINDS)
        if unknown or not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise ConfigError(
                f"SpellingNoise: kinds {weights} are no weights of {', '.join(KINDS)}"
            )
        if not 0 <= probability <= 1 or not 0 < rate <= 1 or len(characters) < 2:
            raise ConfigError(
                "SpellingNoise: probability is in [0, 1], rate in (0, 1], and there are at least"
                " two characters"
            )
        self.probability = probability
        self.rate = rate
        self.kinds = [kind for kind in KINDS if weights.get(kind)]
        self.edges = np.cumsum([weights[kind] for kind in self.kinds])
        self.characters = characters

    def __call__(self, text: str, rng: np.random.RandomState) -> str:
        """The text with mistakes; an empty text stays empty."""
        if not text or rng.random_sample() >= self.probability:
            return text
        count = max(1, int(rng.binomial(len(text), self.rate)))
        characters = list(text)
        # From the back, so that the places in front stay what they were.
        for place in sorted(rng.choice(len(text), count, replace=False).tolist(), reverse=True):
            kind = self.kinds[
                int(np.searchsorted(self.edges, rng.random_sample() * self.edges[-1], "right"))
            ]
            self._apply(kind, characters, place, rng)
        return "".join(characters)

    def _apply(
        self, kind: str, characters: list[str], place: int, rng: np.random.RandomState
    ) -> None:
        if kind == "replace":
            characters[place] = self._other(characters[place], rng)
        elif kind == "insert":
            characters.insert(place, self._other("", rng))
        elif kind == "delete":
            del characters[place]
        elif place + 1 < len(characters):
            characters[place : place + 2] = characters[place + 1], characters[place]

    def _other(self, character: str, rng: np.random.RandomState) -> str:
        """Any of the characters but this one."""
        place = self.characters.find(character) if character else -1
        drawn = int(rng.randint(len(self.characters) - (place >= 0)))
        return self.characters[drawn + (0 <= place <= drawn)]


def substitute(text: str, rate: float, characters: str, seed: int) -> str:
    """The text with each character replaced with probability ``rate``, the same at every call."""
    noise = SpellingNoise(1.0, 1.0, {"replace": 1.0}, characters)
    rng = np.random.RandomState(seed)
    chosen = rng.random_sample(len(text)) < rate
    return "".join(
        noise._other(character, rng) if altered else character
        for character, altered in zip(text, chosen, strict=True)
    )
