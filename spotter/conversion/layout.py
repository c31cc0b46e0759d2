"""A layout by name: which reader reads it, and where its files lie below what a user names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from spotter.conversion.source import Source
from spotter.conversion.writers import Task
from spotter.data.readers import Reader, SelectedReader
from spotter.errors import ConfigError
from spotter.registry import READERS

#: Finds a reader's arguments below what the user named.
Finder: TypeAlias = "Callable[[Source], dict[str, Any]]"

SELECTION = ("start", "stop", "indices")
"""Options that select samples of any reader."""


@dataclass(frozen=True)
class Layout:
    """One layout of annotations.

    Attributes:
        task: Kind of its samples.
        reader: Registered name of its reader.
        source: What the user has to name.
        find: Finds the reader's arguments below that.
    """

    task: Task
    reader: str
    source: str
    find: Finder

    def open(self, source: Source, options: Mapping[str, Any] | None = None) -> Reader:
        """The reader, which leaves out malformed entries and notes them.

        Args:
            source: What the user named.
            options: Further arguments of the reader, which replace those that were found; and
                ``start``, ``stop`` or ``indices``, as :class:`SelectedReader` takes them.

        Raises:
            ConfigError: The files are not found, or the reader has no such option.
            AnnotationError: The annotation as a whole cannot be read.
        """
        kind = READERS.get(self.reader)
        if kind is None:
            raise ConfigError(f"{self.reader}: no such reader is registered")
        known = inspect.signature(kind).parameters
        options = dict(options or {})
        selection = {name: options.pop(name) for name in SELECTION if name in options}
        unknown = [name for name in options if name not in known]
        if unknown:
            raise ConfigError(f"{self.reader} has no {unknown[0]}; it has {', '.join(known)}")
        arguments = {**self.find(source), **options}
        if "strict" in known:
            arguments["strict"] = False
        reader = kind(**arguments)
        return SelectedReader(reader, **selection) if selection else reader


def one_file(*patterns: str, images: tuple[str, ...] = ()) -> Finder:
    """A finder of one annotation file.

    Args:
        patterns: See :meth:`Source.file`.
        images: Folders of the images, see :meth:`Source.images`; none: the reader knows.
    """

    def find(source: Source) -> dict[str, Any]:
        file = source.file(*patterns)
        root = source.images(*images) if images else source.image_root
        return {"annotation_file": file} | ({} if root is None else {"image_root": root})

    return find


def shards(source: Source) -> dict[str, Any]:
    """Finds WebDataset shards."""
    return {"shards": source.path}


def label_files(*patterns: str, images: tuple[str, ...] = (), prefix: str | None = None) -> Finder:
    """A finder of a folder with one label file per photo.

    Args:
        patterns: See :meth:`Source.folder_with`.
        images: As for :func:`one_file`.
        prefix: The reader's argument of that name, if it is to be given.
    """

    def find(source: Source) -> dict[str, Any]:
        found: dict[str, Any] = {"annotation_root": source.folder_with(*patterns)}
        root = source.images(*images) if images else source.image_root
        if root is not None:
            found["image_root"] = root
        if prefix is not None:
            found["prefix"] = prefix
        return found

    return find
