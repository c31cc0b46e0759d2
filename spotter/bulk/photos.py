"""A photo among many: its name in the output, and where its bytes are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from spotter.bulk.names import NameSet
from spotter.errors import ImageError
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

    def take(self) -> Source:
        """What is opened.

        Raises:
            SpotterError: There is nothing to open, or its bytes cannot be read.
        """
        if self.error is not None:
            raise ImageError(self.error)
        source = self.load() if self.load is not None else self.source
        if source is None:
            raise ImageError(f"{self.name}: there is nothing to open")
        return source


def with_unused_names(photos: Iterator[Photo]) -> Iterator[Photo]:
    """The photos, each once; another one of the same name is called ``NAME (2)``."""
    taken = NameSet()
    for photo in photos:
        name = unused_name(photo.name, taken)
        if name != photo.name and _is_named_by_place(photo):
            continue
        taken.add(name)
        yield photo if name == photo.name else replace(photo, name=name)


def _is_named_by_place(photo: Photo) -> bool:
    """Whether no other photo can have the name, as escapes and members of archives can."""
    return isinstance(photo.source, Path | str) and "\\" not in photo.name
