"""Photos in folders and lists, which are never held as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from spotter.bulk.photos import Photo
from spotter.errors import ImageError
from spotter.io.formats import DOCUMENT_SUFFIXES, IMAGE_SUFFIXES
from spotter.io.names import printable_path

EXTRA = "'scene-text-spotter[bulk]'"
"""What to install for sources and outputs that are no plain files."""

PHOTO_SUFFIXES = (*IMAGE_SUFFIXES, *DOCUMENT_SUFFIXES)


def is_photo_name(name: str, documents: bool = True) -> bool:
    """Whether a name ends as those of pictures, or documents, do."""
    return name.lower().endswith(PHOTO_SUFFIXES if documents else IMAGE_SUFFIXES)


def walk_folder(folder: Path, prefix: str = "", documents: bool = True) -> Iterator[Photo]:
    """The pictures below a folder, sorted by their path.

    Of one folder at a time the names are held. Links to folders are not followed; a folder that may
    not be entered is given as if it were a photo, whose reading gives its error, and so is a link
    that leads nowhere and is named as a photo.

    Args:
        folder: Where to search.
        prefix: What names begin with; default: they are relative to ``folder``.
        documents: Also give documents.

    Raises:
        ImageError: There is no such folder, or it may not be entered.
    """
    try:
        names = _names(os.fspath(folder), documents)
    except OSError as error:
        reason = "no such folder" if isinstance(error, FileNotFoundError) else error.strerror
        raise ImageError(f"{printable_path(folder)}: cannot be entered ({reason})") from None
    yield from _walk(os.fspath(folder), names, prefix, documents)


def _walk(folder: str, names: list[str], prefix: str, documents: bool) -> Iterator[Photo]:
    for name in names:
        path = os.path.join(folder, name)
        if not name.endswith("/"):
            yield Photo(prefix + printable_path(name), Path(path))
            continue
        try:
            below = _names(path, documents)
        except OSError:
            yield Photo(prefix + printable_path(name[:-1]), Path(path))
            continue
        yield from _walk(path, below, prefix + printable_path(name), documents)


def _names(folder: str, documents: bool) -> list[str]:
    """The photos and, with a stroke at their end, the folders in a folder, sorted.

    Sorted in this way, walking folder by folder gives whole paths in their order.
    """
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_folder(entry):
                if not entry.is_symlink():
                    names.append(entry.name + "/")
            elif is_photo_name(entry.name, documents):
                names.append(entry.name)
    return sorted(names)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder; a link whose end cannot be looked at counts as a file."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def count_folder(folder: Path, documents: bool = True) -> int:
    """How many photos :func:`walk_folder` gives; no names are held."""
    count, waiting = 0, [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if _is_folder(entry):
                        if not entry.is_symlink():
                            waiting.append(entry.path)
                    else:
                        count += is_photo_name(entry.name, documents)
        except OSError:
            count += 1
    return count


def walk_list(file: Path, relative: bool) -> Iterator[Photo]:
    """The photos of a list: one path or address per line, paths relative to the list's folder.

    Args:
        file: The list.
        relative: Name the photos as the list does; else by their path.

    Raises:
        ImageError: The list cannot be read.
    """
    try:
        # Names of files need not be UTF-8.
        with file.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
            for line in lines:
                if not (given := line.strip()):
                    continue
                source = given if "://" in given else file.parent / given
                named = given if relative or isinstance(source, str) else source.as_posix()
                yield Photo(printable_path(named), source)
    except OSError as error:
        reason = error.strerror
        raise ImageError(f"{printable_path(file)}: cannot be read as a list ({reason})") from None


def count_list(file: Path) -> int:
    """How many photos a list names."""
    with file.open("rb") as lines:
        return sum(bool(line.strip()) for line in lines)
