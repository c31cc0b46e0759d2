"""Runs over any number of photos, that go on where they were cut off."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from spotter.bulk.jobs import Job
from spotter.bulk.names import NameSet, in_shard
from spotter.bulk.outputs import done_names, open_output
from spotter.bulk.photos import Photo
from spotter.bulk.pool import Pool
from spotter.bulk.progress import BulkProgress
from spotter.bulk.sources import count_photos, walk_photos
from spotter.errors import ConfigError, ImageError


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


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_in_bulk(
    sources: Sequence[str | Path],
    out: str | Path,
    job: Job,
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
        job: What is done with each photo.
        options: How.
        label: Text before the progress bar.
        console: Where the bar goes; default: standard error.
        overwrite: Begin anew.

    Raises:
        ConfigError: Another process writes the output, or an option is wrong.
        ImageError: There is no photo, or a source cannot be entered.
        AnnotationError: The output holds something else, or cannot be written.
        SpotterError: What the job raises when it is opened.
    """
    counts, complete = BulkCounts(), False
    output = open_output(out, options.shard)
    try:
        if overwrite:
            output.clear()
        done = done_names(output, options.retry_failed)
        progress = BulkProgress(label, lambda: _shard_size(sources, options.shard), console)
        with progress:
            photos = _undone(sources, done, options.shard, progress)
            first = next(photos, None)
            if first is not None:
                with Pool(job, options.workers or usable_cores(), options.time_limit) as pool:
                    for answered in pool.answer(_with_first(first, photos)):
                        output.write(answered.data)
                        progress.advance(answered.failed)
        counts = BulkCounts(progress.made, progress.failed, progress.kept)
        complete = True
    finally:
        output.close(complete)
    return counts


def _undone(
    sources: Sequence[str | Path], done: NameSet, shard: tuple[int, int], progress: BulkProgress
) -> Iterator[Photo]:
    found = False
    for photo in walk_photos(sources):
        found = True
        if not in_shard(photo.name, shard):
            continue
        if photo.name in done:
            progress.keep()
        else:
            yield photo
    if not found:
        raise ImageError(f"{', '.join(map(str, sources))[:200]}: no image in it")


def _with_first(first: Photo, rest: Iterator[Photo]) -> Iterator[Photo]:
    yield first
    yield from rest


def _shard_size(sources: Sequence[str | Path], shard: tuple[int, int]) -> int | None:
    count = count_photos(sources)
    return None if count is None else round(count / shard[1])
