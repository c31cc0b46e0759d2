"""Recognition of word crops, with the recognizer and settings of a preset."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotter.decoding import LanguageDecoder, LanguageModel
from spotter.decoding.calibration import ScoreCalibration
from spotter.errors import SpotterError
from spotter.hub.resolution import ResolvedPreset, language_file, resolve_preset
from spotter.io.images import ImageSource, read_image
from spotter.pipeline.crop_batching import READS_BADLY_ALONE, CropBatcher, WordReading
from spotter.pipeline.crops import image_directions
from spotter.pipeline.recognizer import TextRecognizer, reads_ctc
from spotter.runtime.runtimes import Runtime, open_runtime

_logger = logging.getLogger("spotter")
_RULE_NAMES = {
    "language": "language model",
    "calibration": "calibration of scores",
    "min_score": "least score",
}

Language = LanguageDecoder | LanguageModel | Mapping[str, Any] | str | Path | None
"""What may stand for a language model, see :class:`WordRecognizer`."""


def open_language(language: Language, preset: ResolvedPreset) -> LanguageDecoder | None:
    """The language decoder for an argument ``language``; ``None`` for no language.

    Args:
        language: See :class:`WordRecognizer`.
        preset: Its language is used if ``language`` is ``None``.

    Raises:
        WeightsError: There is no such file or name.
        ConfigError: A setting that does not exist.
    """
    wanted = preset.language if language is None else language
    if wanted is None or wanted == "none":
        return None
    settings = dict(wanted) if isinstance(wanted, Mapping) else {}
    source = settings.pop("model", "english") if isinstance(wanted, Mapping) else wanted
    if isinstance(source, str | Path):
        source = language_file(source)
    return LanguageDecoder.open(source, **settings)


def tell_dropped(preset: ResolvedPreset, **asked: bool) -> None:
    """Log one line on the rules of a preset that went with the network they belong to.

    Args:
        preset: See :attr:`ResolvedPreset.dropped`.
        **asked: By rule, whether it was left to the preset; one that the caller has set himself is
            not worth a line.
    """
    names = [_RULE_NAMES[name] for name in preset.dropped if asked.get(name, True)]
    if names:
        files = " and ".join(path.name for path in preset.replaced)
        verb = "bring" if len(preset.replaced) > 1 else "brings"
        _logger.warning("%s %s no %s; those of the preset are dropped", files, verb, _listed(names))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def recognition_calibration(
    preset: ResolvedPreset,
    language: Language,
    test_time_augmentation: bool,
    calibrated: bool,
    found: bool = False,
) -> ScoreCalibration | None:
    """The calibration of a preset's recognizer, unless it reads otherwise than when calibrated.

    Args:
        preset: The preset.
        language: What stands in for its language; ``None``: nothing.
        test_time_augmentation: Whether it is used where the preset's makers recommend it.
        calibrated: Whether a calibration is wanted.
        found: Whether the words are those that the preset's detector finds.
    """
    if (
        language is not None
        or not (test_time_augmentation or preset.test_time_augmentation is None)
        or not calibrated
    ):
        return None
    return (found and preset.found_calibration) or preset.recognition_calibration


def calibrate_reading(reading: WordReading, calibrate: ScoreCalibration | None) -> WordReading:
    """A reading with a calibrated score; one of nothing keeps its 0."""
    if calibrate is None or not reading.text:
        return reading
    return replace(reading, score=calibrate(reading.score, reading.text))


def open_recognizer(runtime: Runtime, language: Language, preset: ResolvedPreset) -> TextRecognizer:
    """A recognizer with the language that was asked for, else with that of its preset.

    A preset's language corrects readings of CTC; a recognizer of attention that takes the place of
    the preset's own reads without it.

    Args:
        runtime: The loaded network.
        language: See :class:`WordRecognizer`.
        preset: Its recommendation holds where ``language`` is ``None``.

    Raises:
        WeightsError: The network is no recognizer, or there is no such language model.
        ConfigError: A language was asked for, for a recognizer that is not of CTC.
    """
    if language is None and not reads_ctc(runtime.header):
        return TextRecognizer(runtime)
    return TextRecognizer(runtime, open_language(language, preset))


class WordRecognizer:
    """Reads word crops: recognition without detection.

    Args:
        model: Name of a shipped preset, whose recognizer is taken; see
            :func:`spotter.hub.resolution.resolve_preset`.
        recognizer: File or name of a recognizer that replaces the preset's.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        batch_size: Crops per batch.
        threads: See :mod:`spotter.runtime.runtimes`.
        turn: Try tall crops in three directions, see :func:`reading_directions`.
        language: The language model that corrects readings with a low score: the name of a shipped
            one, its file, a :class:`LanguageModel` or a :class:`LanguageDecoder`;
            ``dict(model=..., weight=..., beam=...)`` with settings of :meth:`LanguageDecoder.open`;
            or ``"none"``. Default: that of the preset.
        test_time_augmentation: See :class:`spotter.pipeline.SceneTextSpotter`.
        calibrated: See :class:`spotter.pipeline.SceneTextSpotter`.
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
        test_time_augmentation: bool = True,
        calibrated: bool = True,
    ) -> None:
        # With a recognizer of one's own, no preset has to exist.
        preset = resolve_preset(model, recognizer, recognizer, runtime)
        loaded = open_runtime(preset.recognizer, "recognition", runtime, device, threads)
        self._recognizer = open_recognizer(loaded, language, preset)
        self._calibrate = recognition_calibration(
            preset, language, test_time_augmentation, calibrated
        )
        self._test_time_augmentation = (
            preset.test_time_augmentation if test_time_augmentation else None
        )
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
            One reading per image, ``None`` for images that cannot be read; and one error message
            per image, ``None`` for those that were read.
        """
        batcher = CropBatcher(
            self._recognizer,
            self.batch_size,
            self._test_time_augmentation,
            reads_badly=READS_BADLY_ALONE,
        )
        tickets: list[int | None] = []
        errors: list[str | None] = []
        for image in images:
            try:
                crop = read_image(image)
                directions = image_directions(crop.shape[1], crop.shape[0], self.turn)
                tickets.append(batcher.add(crop, directions))
                errors.append(None)
            except SpotterError as error:
                tickets.append(None)
                errors.append(str(error))
        readings = [calibrate_reading(reading, self._calibrate) for reading in batcher.finish()]
        return [None if ticket is None else readings[ticket] for ticket in tickets], errors
