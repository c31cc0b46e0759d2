"""The images that a command line names: files, folders, patterns and lists."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from pathlib import Path

from spotter.errors import ImageError
from spotter.io.folders import list_images, unused_name
from spotter.io.names import printable_path
from spotter.io.sources import is_url

Source = Path | str
"""Where an image is: a path or, as text, an ``http://`` or ``https://`` address."""


def named_images(sources: Sequence[str | Path], documents: bool = False) -> Mapping[str, Source]:
    """The images that some arguments name, in their order.

    Args:
        sources: Image files, addresses, folders (searched recursively), patterns such as
            ``photos/*.jpg``, and lists (``.txt``, one path, relative to the
            list's folder, or address per line).
        documents: Also list PDF files of folders.

    Returns:
        Name to path or address, each once. In a single folder or list an image is named by its path
        below it, otherwise by its path; names can be shown on any terminal. A file that does not
        exist is among them: reading it is what fails.

    Raises:
        ImageError: A folder or list that holds no image, or a pattern that no file matches.
    """
    if len(sources) == 1 and not is_url(sources[0]):
        source = Path(sources[0])
        if source.is_dir():
            return list_images(source, documents)
        if source.suffix.lower() == ".txt":
            return listed_images(source)
    found: dict[str, Source] = {}
    for image in dict.fromkeys(image for one in sources for image in _images_of(one, documents)):
        name = printable_path(image.as_posix() if isinstance(image, Path) else image)
        found[unused_name(name, found)] = image
    return found


def _images_of(source: Source, documents: bool) -> list[Source]:
    if is_url(source):
        return [source]
    path = Path(source)
    if path.is_dir():
        return [*list_images(path, documents).values()]
    if path.suffix.lower() == ".txt":
        return [*listed_images(path).values()]
    if path.exists() or not glob.has_magic(str(source)):
        return [path]
    matches = sorted(map(Path, glob.glob(str(source), recursive=True)))
    if not matches:
        raise ImageError(f"{printable_path(source)}: no file matches")
    return [image for match in matches for image in _images_of(match, documents)]


def listed_images(file: str | Path) -> dict[str, Source]:
    """The images of a list: one path, relative to the list's folder, or address per line.

    Raises:
        ImageError: The list cannot be read or is empty.
    """
    file = Path(file)
    shown = printable_path(file)
    try:
        if not file.is_file():
            raise OSError
        # Names of files need not be UTF-8.
        text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    except (OSError, ValueError):
        raise ImageError(f"{shown}: not a folder, and not a readable list of images") from None
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise ImageError(f"{shown}: names no image")
    return {printable_path(name): name if is_url(name) else file.parent / name for name in names}
