"""Photos answered by this process, some of them together."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from spotter.bulk.jobs import SpotJob, stream_of
from spotter.bulk.photos import Photo
from spotter.bulk.records import Answered, Record
from spotter.errors import ConfigError, SpotterError

if TYPE_CHECKING:
    from spotter.pipeline.spotter import SceneTextSpotter

BatchAnswer = Callable[[Sequence[str], Sequence[Any]], Iterable[Record]]
"""Gives the records of some (names, sources for ``read_image``) in their order: one for each or, of
a document, one for each page. A record has ``image``, its name, and ``error``."""


@dataclass(frozen=True)
class Here:
    """An engine of :func:`spotter.bulk.run.write_answers`: this process.

    Attributes:
        answer: What is done with photos.
        failure: Gives the record of a photo (name, error) that has nothing to open.
        chunk: Photos that are answered together.

    Raises:
        ConfigError: ``chunk`` is below 1.
    """

    answer: BatchAnswer
    failure: Callable[[str, str], Record]
    chunk: int = 16

    def __post_init__(self) -> None:
        if self.chunk < 1:
            raise ConfigError(f"chunk must be at least 1, not {self.chunk}")

    def __call__(self, photos: Iterable[Photo]) -> Generator[Answered, None, None]:
        """The lines of photos, in their order; no more than ``chunk`` photos are held."""
        waiting: list[tuple[str, Any, str | None]] = []
        for photo in photos:
            try:
                waiting.append((photo.name, stream_of(photo.name, photo.take()), None))
            except SpotterError as error:
                waiting.append((photo.name, None, str(error)))
            if len(waiting) == self.chunk:
                yield from self._answered(waiting)
                waiting = []
        yield from self._answered(waiting)

    def _answered(self, chunk: Sequence[tuple[str, Any, str | None]]) -> Iterator[Answered]:
        opened = [(name, source) for name, source, error in chunk if error is None]
        names, sources = [name for name, _ in opened], [source for _, source in opened]
        records = self.answer(names, sources) if names else ()
        groups = groupby(records, lambda record: record["image"])
        for name, _, error in chunk:
            yield Answered.of(name, [self.failure(name, error)] if error else next(groups)[1])


def spot_here(spotter: SceneTextSpotter, chunk: int = 16) -> Here:
    """The words of photos, found by this process.

    Args:
        spotter: What spots.
        chunk: Photos whose words are read together.
    """

    def answer(names: Sequence[str], sources: Sequence[Any]) -> Iterator[Record]:
        place = -1
        for result in spotter.spot_iter(sources, len(sources)):
            # The pages of a document are numbered from 1 on.
            place += result.page in (None, 1)
            yield replace(result, image=names[place]).to_dict()

    return Here(answer, SpotJob().failure, chunk)
