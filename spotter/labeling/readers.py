"""Two readers of words behind one protocol: our recognizer, and RapidOCR."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from spotter.charset import Charset
from spotter.errors import CharsetError
from spotter.hub.resolution import resolve_preset
from spotter.labeling.rapidocr import RapidOCREngine
from spotter.pipeline.crops import image_directions
from spotter.pipeline.recognizer import TextRecognizer
from spotter.pipeline.word_recognizer import WordRecognizer
from spotter.runtime.runtimes import open_runtime

_LEAST_PROBABILITY = 1e-30


class WordReader(Protocol):
    """Reads word crops, and tells what it sees frame by frame.

    Attributes:
        name: Of the reader, for reports.
        characters: Classes 1 and up of the log-probabilities.
    """

    name: str
    characters: str

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        """Text and score per crop (H, W, 3) uint8 BGR; ``None`` where nothing was read."""

    def log_probabilities(self, crop: np.ndarray) -> np.ndarray:
        """(T, K) log-softmax of CTC logits of a crop; class 0 is the blank."""


class OwnReader:
    """A recognizer of this package.

    Args:
        model: Name of a shipped preset, or its ``.json`` file.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: See :mod:`spotter.runtime.runtimes`.
        language: See :class:`WordRecognizer`.
        recognizer: File or name of a recognizer that replaces the preset's.
    """

    def __init__(
        self,
        model: str | Path = "default",
        runtime: str = "auto",
        device: str = "cpu",
        threads: int | None = None,
        language: str | None = None,
        recognizer: str | Path | None = None,
    ) -> None:
        self.name = str(model)
        self._words = WordRecognizer(
            model, recognizer, runtime, device, threads=threads, turn=False, language=language
        )
        file = resolve_preset(model, recognizer, recognizer, runtime).recognizer
        self._frames = TextRecognizer(open_runtime(file, "recognition", runtime, device, threads))
        self.characters = self._frames.characters

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        """See :class:`WordReader`."""
        readings, _ = self._words.read(crops)
        return [(None, 0.0) if r is None or not r.text else (r.text, r.score) for r in readings]

    def log_probabilities(self, crop: np.ndarray) -> np.ndarray:
        """See :class:`WordReader`."""
        cut = image_directions(crop.shape[1], crop.shape[0], turn=False)[0].cut
        logits: np.ndarray = self._frames.logits([self._frames.crop(crop, cut)])[0].astype(
            np.float64
        )
        shifted = logits - logits.max(axis=1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


class PeerReader:
    """RapidOCR's recognizer with the models of its package (extra ``bench``).

    Its many scripts are cut down to a character set: a reading with any other character counts as
    none, and spaces are left out.

    Args:
        characters: The character set.
        engine: A key of :data:`spotter.labeling.rapidocr.ENGINES`.
        threads: Threads per operator.

    Raises:
        ConfigError: The package is not installed.
    """

    def __init__(
        self, characters: str | Charset = "94", engine: str = "rapidocr", threads: int = 1
    ) -> None:
        self._charset = Charset.load(characters)
        self._engine = RapidOCREngine(engine, threads)
        self.name = self._engine.name
        own = {character: place for place, character in enumerate(self._engine.characters, start=1)}
        self.characters = "".join(c for c in self._charset.characters if c in own)
        self._columns = [0, *(own[character] for character in self.characters)]

    def read(self, crops: Sequence[np.ndarray]) -> list[tuple[str | None, float]]:
        """See :class:`WordReader`."""
        readings = []
        for crop in crops:
            text, score = self._engine.read_word(crop)
            spelled = spell(text, self._charset)
            readings.append((spelled, score if spelled else 0.0))
        return readings

    def find(self, image: np.ndarray) -> list[np.ndarray]:
        """Where RapidOCR finds the words of a photo (H, W, 3) uint8 BGR: (4, 2) float32 each."""
        return self._engine.word_outlines(image)

    def log_probabilities(self, crop: np.ndarray) -> np.ndarray:
        """See :class:`WordReader`; the probability of other characters is dropped."""
        probabilities = self._engine.frame_probabilities(crop)[:, self._columns]
        return np.log(np.maximum(probabilities.astype(np.float64), _LEAST_PROBABILITY))


def spell(text: str | None, charset: Charset) -> str | None:
    """A reading without spaces in the characters of a set; ``None`` if it has others or nothing."""
    try:
        return charset.normalize("".join((text or "").split()), unknown="refuse") or None
    except CharsetError:
        return None
