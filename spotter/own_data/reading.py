"""How well a recognizer reads held-back words, and the calibration of its scores on them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotter.data.transforms.loading import load_pixels
from spotter.decoding.calibration import fit_calibration
from spotter.errors import ConfigError, ImageError
from spotter.pipeline.word_recognizer import WordRecognizer

_LEAST_ANSWERS = 200
_LEAST_OF_A_SIDE = 20


@dataclass(frozen=True)
class Readings:
    """Readings of words whose texts are known.

    Attributes:
        true: The texts.
        read: The readings.
        scores: Those of the network, in [0, 1].
    """

    true: list[str]
    read: list[str]
    scores: list[float]

    @property
    def correct(self) -> list[bool]:
        """Whether each is right in every character; spaces do not count, accents are composed."""
        pairs = zip(self.true, self.read, strict=True)
        return [_comparable(true) == _comparable(read) for true, read in pairs]

    @property
    def accuracy(self) -> float:
        """Share of words that are read without an error."""
        return sum(self.correct) / max(1, len(self.true))

    @property
    def percent(self) -> str:
        """:attr:`accuracy` in words, such as ``"84.5 %"``."""
        return f"{100 * self.accuracy:.1f} %"

    def mistakes(self, most: int = 5) -> list[tuple[str, str]]:
        """The first wrong readings, as (true, read)."""
        triples = zip(self.true, self.read, self.correct, strict=True)
        return [(true, read) for true, read, right in triples if not right][:most]

    def calibration(self) -> dict[str, float] | None:
        """Temperature and bias of the scores; ``None`` where the answers are too few."""
        right = sum(self.correct)
        few = min(right, len(self.true) - right) < _LEAST_OF_A_SIDE
        if len(self.true) < _LEAST_ANSWERS or few:
            return None
        try:
            return fit_calibration(self.scores, self.correct).to_dict()
        except ConfigError:
            return None


def read_words(
    recognizer: str | Path,
    samples: Iterable[dict[str, Any]],
    threads: int | None = None,
    limit: int = 2000,
    language: str | Path = "none",
) -> Readings:
    """Read samples with a recognizer alone, without further views.

    Args:
        recognizer: File of its weights.
        samples: Canonical samples of words; those without a readable image are passed over.
        threads: See :class:`WordRecognizer`.
        limit: Most samples that are read.
        language: Name or file of a language model; ``"none"``: none.
    """
    true: list[str] = []
    images = []
    for sample in samples:
        if len(true) == limit:
            break
        try:
            images.append(load_pixels(sample))
        except ImageError:
            continue
        true.append(sample["text"])
    reader = WordRecognizer(
        recognizer=recognizer,
        language=language,
        test_time_augmentation=False,
        calibrated=False,
        threads=threads,
    )
    found, _ = reader.read(images)
    read = ["" if reading is None else reading.text for reading in found]
    scores = [0.0 if reading is None else min(1.0, reading.score) for reading in found]
    return Readings(true, read, scores)


def _comparable(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())
