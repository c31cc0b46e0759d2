"""Reading words: crops of all photos pooled by width, read in batches, best direction kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from spotter.calibration import ScoreCalibration
from spotter.data.images import ImageSource, read_image
from spotter.data.input_size import RecInputSize
from spotter.decoding import Decoded, Decoder, decode_ctc, decode_until_end
from spotter.errors import ConfigError, SpotterError, WeightsError
from spotter.geometry import native_size
from spotter.inference.crops import Direction, cut_word, image_directions
from spotter.inference.preprocessing import Normalizer
from spotter.inference.runtimes import Runtime, open_runtime
from spotter.inference.zoo import ModelPair, language_file, resolve_pair
from spotter.language import LanguageDecoder, LanguageModel

_DECODERS: dict[str, Decoder] = {
    "CTCPrediction": decode_ctc,
    "AttentionPrediction": decode_until_end,
    "ParallelPrediction": decode_until_end,
}

Language = LanguageDecoder | LanguageModel | Mapping[str, Any] | str | Path | None
"""What may stand for a language model, see :class:`WordRecognizer`."""


@dataclass
class WordReading(Decoded):
    """A reading and the direction in which it was read.

    Attributes:
        rotation: Degrees (0, 90, 180 or 270, clockwise) that the crop was turned by.
        outline: (N, 2) the word's polygon from the first character's top-left corner.
    """

    rotation: int = 0
    outline: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))


class CropPool:
    """Collects crops of any photos and reads those of one width together.

    A crop's input depends on the crop alone, and so does its reading.

    Args:
        recognizer: Gives input sizes and reads batches.
        batch_size: Crops per batch.
    """

    def __init__(self, recognizer: CropReader, batch_size: int) -> None:
        self._recognizer = recognizer
        self._batch_size = batch_size
        self._waiting: dict[int, list[tuple[int, np.ndarray]]] = {}
        self._words: list[list[Direction]] = []
        self._owners: list[int] = []
        self._readings: dict[int, Decoded] = {}

    def add(self, img: np.ndarray, directions: list[Direction]) -> int:
        """Cut a word out in each of its directions; gives its index in :meth:`finish`."""
        word = len(self._words)
        self._words.append(directions)
        for direction in directions:
            crop = self._recognizer.crop(img, direction.cut)
            queue = self._waiting.setdefault(crop.shape[1], [])
            queue.append((len(self._owners), crop))
            self._owners.append(word)
            if len(queue) == self._batch_size:
                self._read(queue)
        return word

    def finish(self) -> list[WordReading]:
        """Readings of all words added, in their order."""
        for queue in self._waiting.values():
            self._read(queue)
        by_word: list[list[Decoded]] = [[] for _ in self._words]
        for ticket, word in enumerate(self._owners):
            by_word[word].append(self._readings[ticket])
        return [
            choose_direction(directions, readings)
            for directions, readings in zip(self._words, by_word, strict=True)
        ]

    def _read(self, queue: list[tuple[int, np.ndarray]]) -> None:
        if queue:
            readings = self._recognizer.read_batch([crop for _, crop in queue])
            self._readings.update(zip((ticket for ticket, _ in queue), readings, strict=True))
            queue.clear()


def choose_direction(directions: Sequence[Direction], readings: Sequence[Decoded]) -> WordReading:
    """The most confident reading of a word.

    A tall crop that is one character upright stays upright: turned, an ``I`` is a convincing dash
    and an ``N`` a ``Z``.

    Args:
        directions: As :func:`reading_directions` gives them, upright first.
        readings: One for each.
    """
    best = 0
    if len(readings[0].text) != 1:
        best = max(range(len(readings)), key=lambda i: (_seen_score(readings[i]), -i))
    chosen, reading = directions[best], readings[best]
    return WordReading(
        reading.text,
        reading.character_scores,
        reading.score,
        reading.visual_score,
        chosen.rotation,
        chosen.outline,
    )


def _seen_score(reading: Decoded) -> float:
    """How well the characters were seen: a language finds words in any direction."""
    return reading.score if reading.visual_score is None else reading.visual_score


class CropReader:
    """A recognizer behind its header: input size, normalisation and decoding.

    Args:
        runtime: The loaded network.
        language: Corrects readings of CTC, see :class:`spotter.language.LanguageDecoder`.

    Raises:
        WeightsError: The header describes an input or output that this version cannot serve.
        ConfigError: A language for a recognizer that is not of CTC.
    """

    def __init__(self, runtime: Runtime, language: LanguageDecoder | None = None) -> None:
        self.runtime = runtime
        header = runtime.header
        name = header["name"]
        preprocessing = dict(header["preprocessing"])
        self._normalize = Normalizer(
            preprocessing.pop("mean", 127.5), preprocessing.pop("std", 127.5)
        )
        if preprocessing.get("mode") not in ("fixed", "buckets"):
            raise WeightsError(
                f"{name}: inference needs preprocessing mode 'fixed' or 'buckets',"
                f" not {preprocessing.get('mode')!r}"
            )
        self._size = _input_size(preprocessing, name)
        # Vision with language reads as its vision model does.
        config = header["config"].get("vision", header["config"])
        kind = config.get("prediction", {}).get("type")
        if kind not in _DECODERS or not header["charset"]:
            raise WeightsError(f"{name}: no decoder for the output of {kind!r}")
        self._decode: Decoder = _DECODERS[kind]
        if language is not None:
            if kind != "CTCPrediction":
                raise ConfigError(f"{name}: language corrects readings of CTC, not of {kind}")
            self._decode = language
        self._characters: str = header["charset"]

    def crop(self, img: np.ndarray, cut: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 BGR input for a cut (Direction.cut) of a photo."""
        width = self._size(*native_size(cut))
        return cut_word(img, cut, width, self._size.height)

    def read_batch(self, crops: Sequence[np.ndarray]) -> list[Decoded]:
        """Readings of crops of one size, as :meth:`crop` gives them."""
        logits = self.runtime.run(self._normalize(crops))
        return self._decode(logits, self._characters, None)


def open_language(language: Language, pair: ModelPair) -> LanguageDecoder | None:
    """What the argument ``language`` of the recognizers stands for.

    Args:
        language: See :class:`WordRecognizer`.
        pair: Its recommendation holds where ``language`` is ``None``.

    Raises:
        WeightsError: There is no such file or name.
        ConfigError: A setting that does not exist.
    """
    wanted = pair.language if language is None else language
    if wanted is None or wanted == "none":
        return None
    settings = dict(wanted) if isinstance(wanted, Mapping) else {}
    source = settings.pop("model", "english") if isinstance(wanted, Mapping) else wanted
    if isinstance(source, str | Path):
        source = language_file(source)
    return LanguageDecoder.open(source, **settings)


def recognition_calibration(
    pair: ModelPair, language: Language, calibrated: bool
) -> ScoreCalibration | None:
    """The calibration of a pair's recognizer, unless another language reads with it.

    Args:
        pair: The pair.
        language: What stands in for its language; ``None``: nothing.
        calibrated: Whether a calibration is wanted.
    """
    return pair.recognition_calibration if calibrated and language is None else None


def calibrate_reading(reading: WordReading, calibrate: ScoreCalibration | None) -> WordReading:
    """A reading with a calibrated score; one of nothing keeps its 0."""
    if calibrate is None or not reading.text:
        return reading
    return replace(reading, score=calibrate(reading.score))


def _input_size(preprocessing: dict[str, Any], name: str) -> RecInputSize:
    try:
        return RecInputSize(**preprocessing)
    except TypeError as error:
        raise WeightsError(f"{name}: preprocessing of the header: {error}") from None


class WordRecognizer:
    """Reads word crops: the second stage alone.

    Args:
        model: Name of a pair in the zoo, whose recognizer is taken; see
            :func:`spotter.inference.zoo.resolve_pair`.
        recognizer: File or zoo name of the recognizer instead.
        runtime: ``"onnx"`` or ``"torch"``.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        batch_size: Crops per batch.
        threads: See :mod:`spotter.inference.runtimes`.
        turn: Try tall crops in three directions, see :func:`reading_directions`.
        language: Corrects what was not read with certainty: a language model's name in the zoo, its
            file, a :class:`LanguageModel` or a :class:`LanguageDecoder`; ``dict(model=...,
            weight=..., beam=...)`` with settings of :meth:`LanguageDecoder.open`; ``"none"`` for
            none; default: what the pair recommends.
        calibrated: See :class:`spotter.inference.SceneTextSpotter`.
    """

    def __init__(
        self,
        model: str | Path = "default",
        recognizer: str | Path | None = None,
        runtime: str = "onnx",
        device: str = "cpu",
        batch_size: int = 32,
        threads: int | None = None,
        turn: bool = True,
        language: Language = None,
        calibrated: bool = True,
    ) -> None:
        # With a recognizer of one's own, no pair has to exist.
        pair = resolve_pair(model, recognizer, recognizer, runtime)
        loaded = open_runtime(pair.recognizer, "recognition", runtime, device, threads)
        self._reader = CropReader(loaded, open_language(language, pair))
        self._calibrate = recognition_calibration(pair, language, calibrated)
        self.device = loaded.device
        self.batch_size = batch_size
        self.turn = turn

    def read(
        self, images: Iterable[ImageSource]
    ) -> tuple[list[WordReading | None], list[str | None]]:
        """Read word crops.

        Args:
            images: Paths, bytes, PIL images or BGR arrays, one word each.

        Returns:
            A reading per image, and per image ``None`` or the line that says why it was not read.
        """
        pool = CropPool(self._reader, self.batch_size)
        tickets: list[int | None] = []
        errors: list[str | None] = []
        for image in images:
            try:
                crop = read_image(image)
                directions = image_directions(crop.shape[1], crop.shape[0], self.turn)
                tickets.append(pool.add(crop, directions))
                errors.append(None)
            except SpotterError as error:
                tickets.append(None)
                errors.append(str(error))
        readings = [calibrate_reading(reading, self._calibrate) for reading in pool.finish()]
        return [None if ticket is None else readings[ticket] for ticket in tickets], errors
