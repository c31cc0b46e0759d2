"""What answers the jobs of a server: a spotter, and a recognizer of word crops."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from spotter.errors import SpotterError
from spotter.io.documents import read_pages
from spotter.io.drawing import draw_result
from spotter.io.images import encode_jpeg, fit_jpeg, read_image
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.pipeline.word_recognizer import WordRecognizer
from spotter.runtime.onnx import thread_count
from spotter.serve.batching import DeadlineError, Job
from spotter.serve.settings import ServerSettings
from spotter.structures import SpottingResult

_JPEG_QUALITY = 90


@dataclass(frozen=True)
class Upload:
    """A file that a client sent.

    Attributes:
        name: Its name, fit to be shown; nothing is opened by it.
        data: Its bytes.
        picture: Whether to return a picture of the first page with its words outlined.
        min_score: Words below it are left out, of the picture, too.
    """

    name: str
    data: bytes
    picture: bool = False
    min_score: float = 0.0

    def open(self) -> io.BytesIO:
        """A file object whose name stands in the messages of errors."""
        stream = io.BytesIO(self.data)
        stream.name = self.name
        return stream


@dataclass
class Spotted:
    """What was read in an upload.

    Attributes:
        results: One for each photo or page; with ``error`` where it could not be read.
        picture: JPEG of the first page that can be read with its words outlined, where that is
            wanted; reduced, if a side is above 65,500 pixels.
    """

    results: list[SpottingResult]
    picture: bytes | None = None


class Engine:
    """Loads the networks; its methods are called in one thread at a time.

    Args:
        settings: Of the server.

    Raises:
        ConfigError: See :class:`spotter.pipeline.spotter.SceneTextSpotter`.
        WeightsError: See there.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._limits = settings.read_limits
        self._chunk = settings.max_batch
        self._spotter = SceneTextSpotter(**settings.spotter, limits=self._limits)
        self._reader = WordRecognizer(**settings.reader)
        self.device = self._spotter.device
        cv2.setNumThreads(thread_count(settings.spotter.get("threads")))

    def spot(self, jobs: Sequence[Job]) -> list[Spotted | Exception]:
        """The words of each job's :class:`Upload`; the words of all are read together.

        The time of a job begins with its first page. Where it is over before the last one, the
        pages until then are answered, and one more result says which were not read.
        """
        answers = [Spotted([]) for _ in jobs]
        late: set[int] = set()
        # Of each page with pixels: the job, and the place among its results.
        places: list[tuple[int, int]] = []
        first: dict[int, tuple[int, np.ndarray]] = {}

        def pages() -> Iterator[np.ndarray]:
            for index, job in enumerate(jobs):
                for image, result in self._pages(job):
                    if result is None:
                        late.add(index)
                        break
                    answers[index].results.append(result)
                    if image is not None:
                        page = len(answers[index].results) - 1
                        if job.item.picture:
                            first.setdefault(index, (page, image))
                        places.append((index, page))
                        yield image

        for number, found in enumerate(self._spotter.spot_iter(pages(), self._chunk)):
            index, page = places[number]
            named, least = answers[index].results[page], jobs[index].item.min_score
            words = [word for word in found.instances if word.score >= least]
            answers[index].results[page] = replace(
                found, image=named.image, page=named.page, instances=words
            )
        for index, (page, image) in first.items():
            drawn = fit_jpeg(draw_result(image, answers[index].results[page]))
            answers[index].picture = encode_jpeg(drawn, _JPEG_QUALITY)
        return [DeadlineError() if index in late else each for index, each in enumerate(answers)]

    def read(self, jobs: Sequence[Job]) -> list[dict[str, Any] | Exception]:
        """``{"image", "text", "score", "error"}`` of each job's :class:`Upload` of one word."""
        answers: list[dict[str, Any] | Exception] = []
        crops: list[np.ndarray] = []
        waiting: list[dict[str, Any]] = []
        for job in jobs:
            if job.expired:
                answers.append(DeadlineError())
                continue
            job.begin()
            record = {"image": job.item.name, "text": None, "score": 0.0, "error": None}
            answers.append(record)
            try:
                crops.append(read_image(job.item.open(), self._limits))
                waiting.append(record)
            except SpotterError as error:
                record["error"] = str(error)
        for record, reading, refusal in zip(waiting, *self._reader.read(crops), strict=True):
            record["error"] = refusal
            if reading is not None:
                record["text"], record["score"] = reading.text, round(reading.score, 4)
        return answers

    def _pages(self, job: Job) -> Iterator[tuple[np.ndarray | None, SpottingResult | None]]:
        """Pixels and empty results of a job's pages; no result where it was not begun in time."""
        name = job.item.name
        if job.expired:
            yield None, None
            return
        job.begin()
        number = 0
        try:
            for page in read_pages(job.item.open(), self._limits):
                if number and job.expired:
                    line = f"{name}: pages from {page.number} on are not read within the time limit"
                    yield None, SpottingResult(name, error=line, page=page.number)
                    return
                number += 1
                yield page.image, SpottingResult(name, error=page.error, page=page.number)
        except SpotterError as error:
            yield None, SpottingResult(name, error=str(error))
