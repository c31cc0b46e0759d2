"""Reading words that are cut out already, with what a pair recommends for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotter.data.images import ImageSource, read_image
from spotter.decoding import LanguageDecoder, LanguageModel
from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import SpotterError
from spotter.hub.zoo import ModelPair, language_file, resolve_pair
from spotter.pipeline.crop_batching import CropPool, WordReading
from spotter.pipeline.crops import image_directions
from spotter.pipeline.recognizer import CropReader
from spotter.runtime.runtimes import open_runtime

Language = LanguageDecoder | LanguageModel | Mapping[str, Any] | str | Path | None
"""What may stand for a language model, see :class:`WordRecognizer`."""


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
    return replace(reading, score=calibrate(reading.score, reading.text))


class WordRecognizer:
    """Reads word crops: the second stage alone.

    Args:
        model: Name of a pair in the zoo, whose recognizer is taken; see
            :func:`spotter.hub.zoo.resolve_pair`.
        recognizer: File or zoo name of the recognizer instead.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        batch_size: Crops per batch.
        threads: See :mod:`spotter.runtime.runtimes`.
        turn: Try tall crops in three directions, see :func:`reading_directions`.
        language: Corrects what was not read with certainty: a language model's name in the zoo, its
            file, a :class:`LanguageModel` or a :class:`LanguageDecoder`; ``dict(model=...,
            weight=..., beam=...)`` with settings of :meth:`LanguageDecoder.open`; ``"none"`` for
            none; default: what the pair recommends.
        second_look: See :class:`spotter.pipeline.SceneTextSpotter`.
        calibrated: Likewise.
    """

    def __init__(
        self,
        model: str | Path = "default",
        recognizer: str | Path | None = None,
        runtime: str = "auto",
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
