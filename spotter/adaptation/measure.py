"""Figures of a recognizer: without labels, on labelled words, and on the guard set."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotter.adaptation.views import ViewReader
from spotter.errors import AnnotationError
from spotter.io.images import read_image

GUARD_FILE = Path(__file__).with_name("guard.zip")
"""Drawn words that ship: ``labels.txt`` (``name text`` per line) and the pictures it names."""

Words = Sequence[tuple[np.ndarray, str]]
"""Crops (H, W, 3) uint8 BGR and what they say."""


@dataclass(frozen=True)
class UnlabelledFigures:
    """Figures of unlabelled words; all but the count are means over the words, in [0, 1].

    Attributes:
        words: Number of words.
        agreement: Share of the further views of a word that are read as the word itself.
        confidence: Score of the readings.
        peer_agreement: Share of the words that an independent reader reads alike; ``None``: there
            is none.
    """

    words: int
    agreement: float
    confidence: float
    peer_agreement: float | None = None

    @property
    def overconfidence(self) -> float:
        """Confidence minus agreement: a calibrated reader is as sure as its views agree."""
        return self.confidence - self.agreement


@dataclass(frozen=True)
class LabelledFigures:
    """Of labelled words.

    Attributes:
        right: For each word whether it is read exactly.
        folded: For each word whether its letters and digits are read, case folded.
    """

    right: tuple[bool, ...]
    folded: tuple[bool, ...]

    @property
    def exact(self) -> float:
        """Share of the words that are read exactly, in [0, 1]."""
        return sum(self.right) / max(len(self.right), 1)

    @property
    def score(self) -> float:
        """:attr:`exact`, by which weights are chosen."""
        return self.exact

    @property
    def exact_folded(self) -> float:
        """Share of the words whose letters and digits are read, case aside, in [0, 1]."""
        return sum(self.folded) / max(len(self.folded), 1)

    def changes(self, after: LabelledFigures) -> tuple[int, int]:
        """How many words are right only afterwards, and only before."""
        pairs = list(zip(self.right, after.right, strict=True))
        return sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs)


def measure_unlabelled(
    reader: ViewReader, crops: Sequence[np.ndarray], peer: Sequence[str | None] | None = None
) -> UnlabelledFigures:
    """Figures of unlabelled words.

    Args:
        reader: The recognizer.
        crops: (H, W, 3) uint8 BGR each, at least one.
        peer: What an independent reader reads in each.
    """
    readings = list(reader.read(crops))
    alike = None
    if peer is not None:
        pairs = zip(readings, peer, strict=True)
        alike = float(np.mean([reading.text == (text or "") for reading, text in pairs]))
    return UnlabelledFigures(
        len(readings),
        float(np.mean([reading.agreement for reading in readings])),
        float(np.mean([reading.score for reading in readings])),
        alike,
    )


def measure_labelled(reader: ViewReader, words: Words) -> LabelledFigures:
    """Figures of labelled words, each read once, without language; spaces do not count."""
    texts = [reading.text for reading in reader.read((crop for crop, _ in words), views=())]
    labels = ["".join(label.split()) for _, label in words]
    pairs = list(zip(texts, labels, strict=True))
    return LabelledFigures(
        tuple(text == label for text, label in pairs),
        tuple(_folded(text) == _folded(label) for text, label in pairs),
    )


def guard_words(characters: str, file: Path = GUARD_FILE) -> list[tuple[np.ndarray, str]]:
    """The words of the guard set that a recognizer can spell.

    Args:
        characters: Of the recognizer.
        file: The set.

    Raises:
        AnnotationError: The file is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            lines = archive.read("labels.txt").decode("utf-8").splitlines()
            pairs = [line.partition(" ")[::2] for line in lines]
            return [
                (read_image(archive.read(name)), text)
                for name, text in pairs
                if set(text) <= set(characters)
            ]
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise AnnotationError(f"{file}: no guard set ({error})") from None


def _folded(text: str) -> str:
    return "".join(c for c in text.lower() if c.isascii() and c.isalnum())
