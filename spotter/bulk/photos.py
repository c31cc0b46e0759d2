"""A photo among many: its name in the output, and where its bytes are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spotter.bulk.names import NameSet
from spotter.io.folders import unused_name

Source = Path | str | bytes
"""A file, an address (``http://``, or one of fsspec such as ``s3://``), or the bytes of a file."""


@dataclass(frozen=True)
class Photo:
    """A photo of a source.

    Attributes:
        name: In the output; text that any terminal can hold.
        source: What is opened; ``None``, where ``load`` gives it, or ``error`` is set.
        load: Gives the bytes; called before the next photo of the source is taken, or never. Raises
            :class:`spotter.errors.SpotterError`.
        error: One line that says why there is nothing to open.
    """

    name: str
    source: Source | None = None
    load: Callable[[], bytes] | None = None
    error: str | None = None


def with_unused_names(photos: Iterator[Photo]) -> Iterator[Photo]:
    """The photos, of which a second one of a name is called ``NAME (2)``."""
    taken = NameSet()
    for photo in photos:
        name = unused_name(photo.name, taken)
        taken.add(name)
        if name == photo.name:
            yield photo
        else:
            yield Photo(name, photo.source, photo.load, photo.error)
