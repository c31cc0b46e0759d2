"""Pictures in folders; none is skipped silently."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

from spotter.errors import ImageError
from spotter.io.formats import DOCUMENT_SUFFIXES, IMAGE_SUFFIXES
from spotter.io.names import printable_path


def list_images(folder: str | Path, documents: bool = False) -> dict[str, Path]:
    """All pictures below a folder, by their path relative to it (with ``/``), sorted.

    Whatever has a picture's suffix is listed, also what turns out to be a broken link or a pipe,
    and so is a folder that may not be entered: reading each of them gives its line of error.
    Links to folders are not followed.

    Args:
        folder: Where to search.
        documents: List PDF files, too.

    Returns:
        Names that any file or terminal can hold (:func:`spotter.io.sources.printable_path`), and
        the paths to open.

    Raises:
        ImageError: There is no such folder, it may not be entered, or there is no picture in it.
    """
    root = Path(folder)
    name = printable_path(root)
    if not root.is_dir():
        raise ImageError(f"{name}: no such folder")
    closed: list[Path] = []
    suffixes = IMAGE_SUFFIXES + (DOCUMENT_SUFFIXES if documents else ())
    found: dict[str, Path] = {}

    def note(error: OSError) -> None:
        if Path(error.filename) == root:
            raise ImageError(f"{name}: cannot be entered ({error.strerror})") from None
        closed.append(Path(error.filename))

    paths = [
        Path(place, file)
        for place, _, files in os.walk(root, onerror=note)
        for file in files
        if Path(file).suffix.lower() in suffixes
    ]
    for path in [*paths, *closed]:
        found[unused_name(printable_path(path.relative_to(root).as_posix()), found)] = path
    if not found:
        raise ImageError(f"{name}: no image in it")
    return dict(sorted(found.items()))


def unused_name(name: str, taken: Container[str]) -> str:
    """A name that no other has: escapes may make two names the same."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
