"""Scene text spotting: photos in, :class:`SpottingResult` out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, overload

import numpy as np
from PIL import Image

from spotter.decoding.lexicon import Lexicon
from spotter.errors import ConfigError, SpotterError
from spotter.geometry import reading_order
from spotter.hub.resolution import resolve_preset
from spotter.hub.settings import read_settings
from spotter.io.documents import read_pages
from spotter.io.images import ImageSource, read_image
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits, is_single, name_of
from spotter.pipeline.choice import choose_words
from spotter.pipeline.crop_batching import CropBatcher
from spotter.pipeline.crops import reading_directions
from spotter.pipeline.detector import open_detector
from spotter.pipeline.word_recognizer import (
    Language,
    calibrate_reading,
    open_recognizer,
    recognition_calibration,
    tell_dropped,
)
from spotter.pipeline.word_search import FoundWords, WordSearch
from spotter.runtime.runtimes import open_runtime
from spotter.structures import SpottingResult, TextInstance

_LEXICON_DISTANCE = 1.5
# Pages whose words are read together where results are wanted as they come.
_GROUP = 16


class SceneTextSpotter:
    """Finds and reads the words of photos.

    Results do not depend on batch sizes, on the order of the photos, or on what else is in a call.

    Args:
        model: Name of a shipped preset, or a ``.json`` or ``.toml`` file with one, see
            :func:`spotter.hub.resolution.resolve_preset`.
        detector: File or name of a detector that replaces the preset's.
        recognizer: File or name of a recognizer that replaces the preset's. If both are given,
            ``model`` is not used. A network of one's own brings its own rules in its header
            (language model, calibration, least score) or none; a warning names those of the preset
            that are dropped.
        runtime: See :func:`spotter.runtime.runtimes.open_runtime`.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; one that is not available is an error.
        min_score: Words with a lower score (:attr:`spotter.structures.TextInstance.score`) are
            dropped; in 0..1. Default: the preset's value.
        limit_side: Input size of the detector in pixels, see
            :func:`spotter.runtime.input_size.detector_input_size`. Default: that of the weights.
        limit_type: ``"max"`` if ``limit_side`` limits the long side, ``"min"`` if the short side.
            Default: that of the weights.
        scale: Factor by which photos are enlarged before detection: a larger one finds more small
            words and takes more time. Default: the preset's value, else that of the weights. Not
            allowed together with ``limit_side`` or ``limit_type``.
        tile: Photos larger than this are also searched in windows of this many pixels, which finds
            small words in large photos.
        det_batch_size: Number of photos or windows of one size that are searched together.
        rec_batch_size: Number of crops of one width that are read together.
        lexicon: The words that may occur, or a file of them. Each reading is replaced by the
            nearest of these words, and dropped if none is within a Levenshtein distance of 1.5, as
            in ICDAR's protocol.
        threads: Threads per operator; default: the cores that this process may use.
        crop_margin: Share of a word's height by which its crop extends beyond the detected polygon.
            Default: the preset's value.
        language: See :class:`spotter.pipeline.word_recognizer.WordRecognizer`.
        test_time_augmentation: Whether words with a low score are read again in the further views
            of the preset, if it has any
            (:class:`spotter.pipeline.test_time_augmentation.TestTimeAugmentation`).
        calibrated: Whether scores are calibrated: the estimated probability of being right. Scores
            of the networks are left as they are if the preset has no calibration, or if the
            network (for the recognizer, also the language model) is not the preset's.
        limits: How large images and documents may be, and whether http(s) addresses are fetched.
        detect_orientation: Whether photos that are turned are recognized by reading a few words,
            and turned upright. ``False``: photos are upright, and only single words may be turned.

    Attributes:
        device: The device on which the networks run, in words.
        detector: The detector that finds the words.
        recognizer: The recognizer that reads their crops.

    Raises:
        ConfigError: An unknown model, runtime or option, a value that is out of range, or a device
            that is not there.
        WeightsError: A weights file is missing or unfit.
        AnnotationError: The file of a lexicon cannot be read.
    """

    def __init__(
        self,
        model: str | Path = "default",
        detector: str | Path | None = None,
        recognizer: str | Path | None = None,
        runtime: str = "auto",
        device: str = "cpu",
        min_score: float | None = None,
        limit_side: int | None = None,
        limit_type: str | None = None,
        scale: float | None = None,
        tile: int | None = None,
        det_batch_size: int = 1,
        rec_batch_size: int = 32,
        lexicon: Lexicon | str | Path | Iterable[str] | None = None,
        threads: int | None = None,
        crop_margin: float | None = None,
        language: Language = None,
        test_time_augmentation: bool = True,
        calibrated: bool = True,
        limits: ReadLimits = DEFAULT_LIMITS,
        detect_orientation: bool = True,
    ) -> None:
        self.limits = limits
        if min(det_batch_size, rec_batch_size) < 1:
            raise ConfigError("batch sizes must be at least 1")
        if min_score is not None and not 0 <= min_score <= 1:
            raise ConfigError(f"min_score must be from 0 to 1, not {min_score:g}")
        self.preset = resolve_preset(model, detector, recognizer, runtime)
        left = {"language": language is None, "min_score": min_score is None}
        tell_dropped(self.preset, calibration=calibrated, **left)
        self.min_score = self.preset.min_score if min_score is None else min_score
        self.crop_margin = self.preset.crop_margin if crop_margin is None else crop_margin
        self.det_batch_size = det_batch_size
        self.rec_batch_size = rec_batch_size
        self.lexicon = None if lexicon is None else Lexicon.load(lexicon)
        network = open_runtime(self.preset.detector, "detection", runtime, device, threads)
        rec_network = open_runtime(self.preset.recognizer, "recognition", runtime, device, threads)
        self.detector = open_detector(
            network, self.preset, limit_side, limit_type, tile, det_batch_size, scale
        )
        self.recognizer = open_recognizer(rec_network, language, self.preset)
        calibrate = self.preset.detection_calibration if calibrated else None
        self._words = WordSearch(
            self.detector,
            self.recognizer,
            self.crop_margin,
            calibrate,
            detect_orientation,
            self.preset.lengthen_words,
        )
        views = self.preset.test_time_augmentation if test_time_augmentation else None
        self._test_time_augmentation = views
        self._calibrate_recognition = recognition_calibration(
            self.preset, language, test_time_augmentation, calibrated, found=True
        )
        self.device = network.device

    @classmethod
    def from_config(cls, path: str | Path, **options: Any) -> SceneTextSpotter:
        """A spotter from a config file, such as ``configs/spotting/small_words.toml``.

        Args:
            path: See :func:`spotter.hub.settings.read_settings`.
            **options: Arguments that replace the file's.

        Raises:
            ConfigError: The file is missing or faulty; or as the class.
            WeightsError: As the class.
        """
        return cls(**{**read_settings(path), **options})

    def __repr__(self) -> str:
        names = (self.detector.runtime.header["name"], self.recognizer.runtime.header["name"])
        return f"SceneTextSpotter({names[0]} + {names[1]}, {self.device})"

    @overload
    def spot(
        self,
        images: ImageSource,
        on_result: Callable[[SpottingResult], object] | None = None,
    ) -> Any: ...
    @overload
    def spot(
        self,
        images: Iterable[ImageSource],
        on_result: Callable[[SpottingResult], object] | None = None,
    ) -> list[SpottingResult]: ...

    def spot(self, images: Any, on_result: Callable[[SpottingResult], object] | None = None) -> Any:
        """Words of one photo, of the pages of one document, or of many of either.

        Args:
            images: A path, an http(s) address, the bytes of a file, a binary file object, a PIL
                image, a BGR array or a tensor (:func:`spotter.io.images.read_image`); or an
                iterable of them.
            on_result: Called with each result, in order, whenever a group of 16 is finished. An
                exception that it raises ends the call.

        Returns:
            For a photo, a :class:`SpottingResult`. For a PDF, a TIFF of several pages or an
            animation, a list of results, one per page, with ``page`` set. For an iterable, one list
            with the results of all its members; those that cannot be read have ``error`` set.

        Raises:
            ImageError: A single photo or document cannot be read, or ``images`` is neither an image
                nor an iterable.
        """
        single = isinstance(images, np.ndarray | Image.Image) or is_single(images)
        if not single and not isinstance(images, Iterable):
            read_image(images)
        pages = self._photos([images] if single else images, raises=single)
        if on_result is None:
            results = self._spot_pages(pages)
        else:
            results = []
            for result in self._in_groups(pages, _GROUP):
                on_result(result)
                results.append(result)
        return results[0] if single and results[0].page is None else results

    def spot_iter(
        self, images: Iterable[ImageSource], chunk: int = _GROUP
    ) -> Iterator[SpottingResult]:
        """The results of many photos and documents one after the other, in order.

        Memory does not grow with their number: the next group is not loaded before all results of
        the current one are given, and only ``det_batch_size`` photos and the word crops of one
        group are held. Results are those of :meth:`spot`.

        Args:
            images: As for :meth:`spot`; a generator may be endless.
            chunk: Number of photos or pages in a group, whose words are read together; with 1, each
                result is given before the next photo is loaded.

        Yields:
            A result for each photo or page; one that cannot be read has ``error`` set.

        Raises:
            ConfigError: ``chunk`` is below 1.
        """
        if chunk < 1:
            raise ConfigError(f"chunk must be at least 1, not {chunk}")
        return self._in_groups(self._photos(images, raises=False), chunk)

    def detect(self, image: ImageSource) -> list[TextInstance]:
        """Find the words of one photo without reading them.

        Raises:
            ImageError: The photo cannot be read.
        """
        return self._words.find([read_image(image, self.limits)])[0]

    def read(self, image: ImageSource, words: Sequence[TextInstance]) -> list[TextInstance]:
        """Read the words of one photo at given places.

        Args:
            image: The photo.
            words: Where the words are; their ``polygon`` and ``detection_score`` are kept.

        Returns:
            The words whose text is not empty and which pass ``min_score`` and ``lexicon``, in
            reading order. Detection scores must be those of :meth:`detect`.

        Raises:
            ImageError: The photo cannot be read.
        """
        photo, batcher = read_image(image, self.limits), self._batcher()
        for word in words:
            directions = reading_directions(word.polygon, self.crop_margin)
            batcher.add(photo, directions, self._views_from(word))
        # The words stay as they are given, even if they hold spaces.
        return self._collect(words, batcher.finish())

    def _spot_pages(
        self, pages: Iterable[tuple[SpottingResult, np.ndarray | None]]
    ) -> list[SpottingResult]:
        """The results of what :meth:`_photos` gives, filled in."""
        results: list[SpottingResult] = []
        batcher = self._batcher()
        found: list[tuple[SpottingResult, FoundWords]] = []
        photos: list[np.ndarray] = []
        waiting: list[SpottingResult] = []

        def search() -> None:
            found.extend(self._search(batcher, photos, waiting))
            photos.clear()
            waiting.clear()

        for result, photo in pages:
            results.append(result)
            if photo is None:
                continue
            photos.append(photo)
            waiting.append(result)
            if len(photos) == self.det_batch_size:
                search()
        search()
        self._fill(batcher, found)
        return results

    def _in_groups(
        self, pages: Iterator[tuple[SpottingResult, np.ndarray | None]], size: int
    ) -> Iterator[SpottingResult]:
        while results := self._spot_pages(islice(pages, size)):
            yield from results

    def _photos(
        self, images: Iterable[ImageSource], raises: bool
    ) -> Iterator[tuple[SpottingResult, np.ndarray | None]]:
        """The pages of all images, each with an empty result; those without pixels have an error.

        Args:
            images: Photos and documents.
            raises: Whether one that cannot be read at all is an error.
        """
        for index, image in enumerate(images):
            name = name_of(image, index)
            try:
                for page in read_pages(image, self.limits):
                    result = SpottingResult(name, error=page.error, page=page.number)
                    if page.image is not None:
                        result.height, result.width = page.image.shape[:2]
                    yield result, page.image
            except SpotterError as error:
                if raises:
                    raise
                yield SpottingResult(name, error=str(error)), None

    def _search(
        self, batcher: CropBatcher, photos: list[np.ndarray], results: list[SpottingResult]
    ) -> list[tuple[SpottingResult, FoundWords]]:
        """Find words and put their crops into the batcher."""
        found = list(zip(results, self._words.search(photos), strict=True))
        for result, each in found:
            result.orientation, result.notes = each.orientation, each.notes
            each.drop_faint(self.min_score)
            asked = zip(each.candidates(), self._words.directions(each), strict=True)
            for word, directions in asked:
                batcher.add(each.image, directions, self._views_from(word))
            # A long run must not hold all of its photos.
            each.image = np.zeros((0, 0, 3), np.uint8)
        return found

    def _fill(self, batcher: CropBatcher, found: list[tuple[SpottingResult, FoundWords]]) -> None:
        readings = iter(batcher.finish())
        for result, each in found:
            words = self._collect(*choose_words(each, readings))
            result.instances = each.in_photo(words)

    def _views_from(self, word: TextInstance) -> float:
        """See :meth:`spotter.pipeline.crop_batching.CropBatcher.add`."""
        if self._test_time_augmentation is None:
            return 0.0
        return self._test_time_augmentation.views_from(word.detection_score, self.min_score)

    def _batcher(self) -> CropBatcher:
        return CropBatcher(
            self.recognizer, self.rec_batch_size, self._test_time_augmentation, part_words=True
        )

    def _collect(
        self, words: Sequence[TextInstance], readings: Sequence[Any]
    ) -> list[TextInstance]:
        read = []
        for word, uncalibrated in zip(words, readings, strict=True):
            reading = calibrate_reading(uncalibrated, self._calibrate_recognition)
            instance = replace(
                word,
                polygon=reading.outline,
                text=reading.text,
                recognition_score=reading.score,
                character_scores=reading.character_scores,
                rotation=reading.rotation,
            )
            if reading.text and instance.score >= self.min_score and self._look_up(instance):
                read.append(instance)
        return [read[index] for index in reading_order([word.polygon for word in read], 0.0)]

    def _look_up(self, word: TextInstance) -> bool:
        """Replace a reading by the lexicon's nearest word; false if it is near none."""
        if self.lexicon is None:
            return True
        nearest, distance = self.lexicon.nearest(word.text or "", max_distance=_LEXICON_DISTANCE)
        if nearest is None or distance >= _LEXICON_DISTANCE:
            return False
        if nearest != word.text:
            word.text, word.character_scores = nearest, []
        return True
