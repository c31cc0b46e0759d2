"""Runs over any number of photos, that go on where they were cut off."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from rich.console import Console

from spotter.bulk.here import Here
from spotter.bulk.jobs import Answer, Job
from spotter.bulk.names import in_shard
from spotter.bulk.outputs import Output, done_names, open_output
from spotter.bulk.photos import Photo, Source
from spotter.bulk.pool import Pool
from spotter.bulk.progress import BulkProgress
from spotter.bulk.records import Answered
from spotter.bulk.sources import check_sources, count_photos, walk_photos
from spotter.bulk.worker import records_of
from spotter.errors import ConfigError, SpotterError


@dataclass(frozen=True)
class BulkOptions:
    """How a run is done.

    Attributes:
        workers: Processes of one thread each; ``None``: as many as cores that this process may use.
        time_limit: Seconds that a photo, or a page of a document, may take.
        shard: Do the K-th (from 1) of N parts of the photos, which their names decide.
        retry_failed: Do photos again that could not be read.
    """

    workers: int | None = None
    time_limit: float = 300.0
    shard: tuple[int, int] = (1, 1)
    retry_failed: bool = False

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"workers must be at least 1, not {self.workers}")
        if not self.time_limit > 0:
            raise ConfigError(f"the time limit must be above 0 seconds, not {self.time_limit:g}")
        if not 1 <= self.shard[0] <= self.shard[1]:
            raise ConfigError(f"shard {self.shard[0]}/{self.shard[1]} is not K/N with 1 <= K <= N")


@dataclass
class BulkCounts:
    """What a run did.

    Attributes:
        made: Photos that were answered now.
        failed: How many of them could not be read.
        kept: Photos that the output held already.
    """

    made: int = 0
    failed: int = 0
    kept: int = 0

    def of(self, things: str) -> str:
        """What a command prints, such as of ``"photos"``."""
        total = self.made + self.kept
        return f"{self.made} new of {total} {things}, {self.failed} could not be read"


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_in_bulk(
    sources: Sequence[str | Path],
    out: str | Path,
    job: Job | Here,
    options: BulkOptions = BulkOptions(),
    label: str = "spotting",
    console: Console | None = None,
    overwrite: bool = False,
) -> BulkCounts:
    """Answer all photos that have no line yet, in order, and write their lines.

    However often the run was cut off (also by ``kill -9``) and started again, in the end the output
    holds the same bytes. A photo on which a worker crashes or hangs costs that photo, whose line
    says so.

    Args:
        sources: See :func:`spotter.bulk.sources.walk_photos`.
        out: A file that ends in ``.jsonl`` or ``.jsonl.zst``, or a folder in ``.parquet``.
        job: What is done with each photo, by workers; or by this process.
        options: How; ``workers`` and ``time_limit`` are of workers.
        label: Text before the progress bar.
        console: Where the bar goes; default: standard error.
        overwrite: Begin anew; what the output holds stays until the first photo is answered.

    Raises:
        ConfigError: Another process writes the output, or an option is wrong.
        ImageError: There is no photo, or a source is not there or cannot be entered.
        AnnotationError: The output holds something else, or cannot be written.
        SpotterError: What the job raises when it is opened.
    """
    photos = Photos.of(sources)
    engine = job if isinstance(job, Here) else processes(job, options)
    output = open_output(out, options.shard, overwrite)
    return write_answers(output, photos, engine, options, label, console)


Engine = Callable[[Iterator[Photo]], "Generator[Answered, None, None]"]
"""Gives the lines of photos in their order."""


def processes(job: Job, options: BulkOptions = BulkOptions()) -> Engine:
    """Workers, see :class:`spotter.bulk.pool.Pool`; none is started if there is no photo."""

    def answered(photos: Iterator[Photo]) -> Generator[Answered, None, None]:
        first = next(photos, None)
        if first is not None:
            with Pool(job, options.workers or usable_cores(), options.time_limit) as pool:
                yield from pool.answer(chain([first], photos))

    return answered


def engine_of(job: Job, workers: int | None) -> Engine:
    """So many processes, or one for each core that this one may use; of one, this process."""
    return this_process(job) if workers == 1 else processes(job, BulkOptions(workers))


def this_process(job: Job) -> Engine:
    """This process, one photo after the other; the job is not opened if there is none."""

    def answered(photos: Iterator[Photo]) -> Generator[Answered, None, None]:
        answer: Answer | None = None
        for photo in photos:
            answer = answer or job.open()
            try:
                records = records_of(job, answer, photo.name, photo.take())
            except SpotterError as error:
                records = iter([job.failure(photo.name, str(error))])
            yield Answered.of(photo.name, records)

    return answered


@dataclass(frozen=True)
class Photos:
    """Photos to answer.

    Attributes:
        walk: Gives them, one by one.
        count: Gives their number, or ``None`` where it takes reading them; runs beside.
    """

    walk: Callable[[], Iterator[Photo]]
    count: Callable[[], int | None]

    @staticmethod
    def of(sources: Sequence[str | Path], documents: bool = True) -> Photos:
        """Those that some arguments name, see :func:`spotter.bulk.sources.walk_photos`.

        Raises:
            ImageError: See :func:`spotter.bulk.sources.check_sources`.
        """
        check_sources(sources)
        return Photos(
            lambda: walk_photos(sources, documents=documents),
            lambda: count_photos(sources, documents),
        )

    @staticmethod
    def named(images: Mapping[str, Source]) -> Photos:
        """Those of a few names."""
        return Photos(lambda: (Photo(*each) for each in images.items()), lambda: len(images))


def write_answers(
    output: Output,
    photos: Photos,
    engine: Engine,
    options: BulkOptions = BulkOptions(),
    label: str = "spotting",
    console: Console | None = None,
) -> BulkCounts:
    """Write the lines of all photos that have none yet, in order, and close the output.

    Args:
        output: Open.
        photos: The photos.
        engine: Answers them.
        options: ``shard`` and ``retry_failed`` of these.
        label: Text before the progress bar.
        console: Where the bar goes; default: standard error.

    Raises:
        SpotterError: See :func:`run_in_bulk`.
    """
    complete = False
    try:
        done = done_names(output, options.retry_failed)
        size = partial(_shard_size, photos, options.shard)
        with BulkProgress(label, size, console) as progress:
            own = (each for each in photos.walk() if in_shard(each.name, options.shard))
            undone = progress.without(own, lambda photo: photo.name in done)
            with closing(engine(undone)) as answers:
                for answered in answers:
                    output.write(answered.data)
                    progress.advance(answered.failed)
        complete = True
    finally:
        output.close(complete)
    return BulkCounts(progress.made, progress.failed, progress.kept)


def _shard_size(photos: Photos, shard: tuple[int, int]) -> int | None:
    count = photos.count()
    return None if count is None else round(count / shard[1])
