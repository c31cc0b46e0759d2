"""Reading words: crops of all photos pooled by width, read in batches, best direction kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from spotter.calibration import ScoreCalibration
from spotter.data.images import ImageSource, read_image
from spotter.data.input_size import RecInputSize
from spotter.decoding import (
    Decoded,
    Decoder,
    attention_tokens,
    decode_ctc,
    decode_until_end,
)
from spotter.errors import ConfigError, SpotterError, WeightsError
from spotter.geometry import native_size
from spotter.inference.crops import Direction, cut_stacked, cut_word, image_directions
from spotter.inference.looks import SecondLook, surroundings
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


@dataclass(frozen=True)
class Glimpse:
    """A crop as the recognizer alone sees it.

    Attributes:
        seen: Its reading.
        logits: (T, K) by which language may read it again; ``None`` without language.
        frames: (1, T, C) by which a rescorer judges readings; ``None`` without one.
    """

    seen: Decoded
    logits: np.ndarray | None = None
    frames: np.ndarray | None = None


@dataclass
class _Word:
    """A word in the pool.

    Attributes:
        directions: In which it may run.
        glimpses: One per direction so far; after the decision for one, its own and those of further
            looks along it. Dropped as soon as the word is read.
        around: Photo part and cut per direction for further looks; empty where there are none.
        missing: Glimpses that are asked for and not there yet.
        best: Reading in the best direction; of all looks once they are there.
    """

    directions: list[Direction]
    glimpses: list[Glimpse | None]
    around: list[tuple[np.ndarray, np.ndarray]]
    missing: int
    best: WordReading | None = None


class CropPool:
    """Collects crops of any photos and reads those of one width together.

    A crop's input depends on the crop alone, and so does its reading.

    Args:
        recognizer: Gives input sizes and reads batches.
        batch_size: Crops per batch.
        second_look: For words that are not read with certainty; ``None``: one look is all.
    """

    def __init__(
        self, recognizer: CropReader, batch_size: int, second_look: SecondLook | None = None
    ) -> None:
        self._recognizer = recognizer
        self._batch_size = batch_size
        self._second_look = second_look
        self._waiting: dict[int, list[tuple[_Word, int, np.ndarray]]] = {}
        self._words: list[_Word] = []

    def add(self, img: np.ndarray, directions: list[Direction]) -> int:
        """Cut a word out in each of its directions; gives its index in :meth:`finish`."""
        if len(directions) > 1:
            directions = [*directions, replace(directions[0], stacked=True)]
        crops = [(d, self._crop(img, d)) for d in directions]
        seen = [(direction, crop) for direction, crop in crops if crop is not None]
        directions = [direction for direction, _ in seen]
        around = []
        if self._second_look is not None:
            around = [surroundings(img, direction.cut) for direction in directions]
        word = _Word(directions, [None] * len(directions), around, len(directions))
        self._words.append(word)
        for place, (_, crop) in enumerate(seen):
            self._ask(word, place, crop)
        return len(self._words) - 1

    def finish(self) -> list[WordReading]:
        """Readings of all words added, in their order."""
        while any(self._waiting.values()):
            for width in list(self._waiting):
                self._read(width)
        return [word.best for word in self._words if word.best is not None]

    def _crop(self, img: np.ndarray, direction: Direction) -> np.ndarray | None:
        """Input for a direction, or ``None`` where the word cannot run in it."""
        if not direction.stacked:
            return self._recognizer.crop(img, direction.cut)
        line = cut_stacked(img, direction.cut)
        if line is None:
            return None
        height, width = line.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        return self._recognizer.crop(line, corners)

    def _ask(self, word: _Word, place: int, crop: np.ndarray) -> None:
        """Put a crop in its queue, and read the queue when it is full."""
        queue = self._waiting.setdefault(crop.shape[1], [])
        queue.append((word, place, crop))
        if len(queue) >= self._batch_size:
            self._read(crop.shape[1])

    def _read(self, width: int) -> None:
        queue = self._waiting.pop(width, [])
        if not queue:
            return
        glimpses = self._recognizer.see([crop for _, _, crop in queue])
        for (word, place, _), glimpse in zip(queue, glimpses, strict=True):
            word.missing -= 1
            word.glimpses[place] = glimpse
            if word.missing:
                continue
            if word.best is None:
                self._decide(word)
            else:
                word.best = self._of_all_looks(word, word.best)
            if not word.missing:
                word.glimpses = []

    def _decide(self, word: _Word) -> None:
        """Choose the direction, and look again along it where that is worth it."""
        glimpses = _present(word.glimpses)
        chosen = best_direction(word.directions, [glimpse.seen for glimpse in glimpses])
        first, direction = glimpses[chosen], word.directions[chosen]
        word.best = _in_direction(direction, self._recognizer.read(first))
        word.glimpses = [first]
        around, word.around = word.around, []
        again = self._second_look
        if again is None or direction.stacked or word.best.score >= again.below:
            return
        part, cut = around[chosen]
        word.missing = len(again.looks)
        word.glimpses += [None] * len(again.looks)
        for place, look in enumerate(again.looks, start=1):
            crop = self._recognizer.crop(part, look.cut(cut), look.stretch)
            self._ask(word, place, look.develop(crop))

    def _of_all_looks(self, word: _Word, first: WordReading) -> WordReading:
        """The reading of a word whose further looks are all there."""
        glimpses = _present(word.glimpses)
        clearest = self._second_look.clearest if self._second_look else None
        order = sorted(range(len(glimpses)), key=lambda i: -glimpses[i].seen.score)
        readings: list[Decoded] = [
            first if place == 0 else self._recognizer.read(glimpses[place])
            for place in sorted(order[:clearest])
        ]
        return choose_look(first, readings)


def _present(glimpses: Sequence[Glimpse | None]) -> list[Glimpse]:
    """Glimpses that are all there."""
    return [glimpse for glimpse in glimpses if glimpse is not None]


def best_direction(directions: Sequence[Direction], readings: Sequence[Decoded]) -> int:
    """Index of the most confident reading of a word.

    A tall crop that is one character upright is not turned: lying on its side, an ``I`` is a
    convincing dash and an ``N`` a ``Z``.

    Args:
        directions: As :func:`reading_directions` gives them, upright first; then perhaps stacked.
        readings: One for each, without language: that finds words in any direction.
    """
    upright = len(readings[0].text) == 1
    allowed = [i for i, d in enumerate(directions) if i == 0 or d.stacked or not upright]
    return max(allowed, key=lambda i: (readings[i].score, -i))


def _in_direction(direction: Direction, reading: Decoded) -> WordReading:
    turned = WordReading("", [], 0.0, None, direction.rotation, direction.outline)
    return _with_reading(turned, reading)


def _with_reading(word: WordReading, reading: Decoded) -> WordReading:
    """Another reading of a word in the same direction."""
    return replace(
        word,
        text=reading.text,
        character_scores=reading.character_scores,
        score=reading.score,
        visual_score=reading.visual_score,
    )


def choose_look(word: WordReading, readings: Sequence[Decoded]) -> WordReading:
    """The most confident of several readings of a word in one direction.

    Its score is the median of all their scores: the highest one of many says less, as something
    that is no word will look like one from some side.

    Args:
        word: Of the first look, whose direction is kept.
        readings: Those that count, at least one.
    """
    best = max(readings, key=lambda reading: reading.score)
    score = median(reading.score for reading in readings)
    return replace(_with_reading(word, best), score=score)


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
        if language is not None and kind != "CTCPrediction":
            raise ConfigError(f"{name}: language corrects readings of CTC, not of {kind}")
        self._language = language
        self._rescores = language is not None and language.rescoring > 0 and runtime.rescores
        self._characters: str = header["charset"]

    def crop(self, img: np.ndarray, cut: np.ndarray, stretch: float = 1.0) -> np.ndarray:
        """(h, w, 3) uint8 BGR input for a cut (Direction.cut) of a photo.

        Args:
            img: The photo.
            cut: What of it.
            stretch: The input is as wide as that of a cut so many times as wide.
        """
        native_width, native_height = native_size(cut)
        width = self._size(round(native_width * stretch), native_height)
        return cut_word(img, cut, width, self._size.height)

    def see(self, crops: Sequence[np.ndarray]) -> list[Glimpse]:
        """Crops of one size, as :meth:`crop` gives them, without language."""
        images = self._normalize(crops)
        frames: Sequence[np.ndarray | None] = [None] * len(crops)
        if self._rescores:
            logits, all_frames = self.runtime.run_with_frames(images)
            frames = [each[None] for each in all_frames]
        else:
            logits = self.runtime.run(images)
        seen = self._decode(logits, self._characters, None)
        if self._language is None:
            return [Glimpse(reading) for reading in seen]
        return [Glimpse(*parts) for parts in zip(seen, logits, frames, strict=True)]

    def read(self, glimpse: Glimpse) -> Decoded:
        """The reading of a crop, with language if there is one."""
        if self._language is None or glimpse.logits is None:
            return glimpse.seen
        frames = glimpse.frames
        if frames is None:
            return self._language.reread(glimpse.logits, self._characters, glimpse.seen)

        def judge(texts: list[str]) -> np.ndarray:
            return self.runtime.rescore(frames, attention_tokens(texts, self._characters))

        return self._language.reread(glimpse.logits, self._characters, glimpse.seen, judge)


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
    pair: ModelPair, language: Language, second_look: bool, calibrated: bool, found: bool = False
) -> ScoreCalibration | None:
    """The calibration of a pair's recognizer, unless it reads in another way than when calibrated.

    Args:
        pair: The pair.
        language: What stands in for its language; ``None``: nothing.
        second_look: Whether it looks twice where the pair's makers recommend it.
        calibrated: Whether a calibration is wanted.
        found: Whether the words are those that the pair's detector finds.
    """
    if language is not None or not (second_look or pair.second_look is None) or not calibrated:
        return None
    return (found and pair.found_calibration) or pair.recognition_calibration


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
        second_look: See :class:`spotter.inference.SceneTextSpotter`.
        calibrated: Likewise.
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
        second_look: bool = True,
        calibrated: bool = True,
    ) -> None:
        # With a recognizer of one's own, no pair has to exist.
        pair = resolve_pair(model, recognizer, recognizer, runtime)
        loaded = open_runtime(pair.recognizer, "recognition", runtime, device, threads)
        self._reader = CropReader(loaded, open_language(language, pair))
        self._calibrate = recognition_calibration(pair, language, second_look, calibrated)
        self._second_look = pair.second_look if second_look else None
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
        pool = CropPool(self._reader, self.batch_size, self._second_look)
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
