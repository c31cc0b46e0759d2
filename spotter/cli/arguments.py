"""The images that a command line names: files, folders, patterns and lists."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from spotter.data.images import IMAGE_SUFFIXES
from spotter.errors import ImageError


def named_images(sources: Sequence[str | Path]) -> dict[str, Path]:
    """The images that some arguments name, in their order.

    Args:
        sources: Image files, folders (searched recursively), patterns such as ``photos/*.jpg``, and
            lists (``.txt``, one path per line, relative to the list's folder).

    Returns:
        Name to path, each once. In a single folder or list an image is named by its path below it,
        otherwise by its path. A file that does not exist is among them: reading it is what fails.

    Raises:
        ImageError: A folder or list that holds no image, or a pattern that no file matches.
    """
    if len(sources) == 1:
        source = Path(sources[0])
        if source.is_dir():
            return find_images(source)
        if source.suffix.lower() == ".txt":
            return listed_images(source)
    found: dict[str, Path] = {}
    for path in (path for source in sources for path in _images_of(source)):
        found[path.as_posix()] = path
    return found


def _images_of(source: str | Path) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        return list(find_images(path).values())
    if path.suffix.lower() == ".txt":
        return list(listed_images(path).values())
    if path.exists() or not glob.has_magic(str(source)):
        return [path]
    matches = sorted(map(Path, glob.glob(str(source), recursive=True)))
    if not matches:
        raise ImageError(f"{source}: no file matches")
    return [image for match in matches for image in _images_of(match)]


def find_images(folder: str | Path) -> dict[str, Path]:
    """All images below a folder, by their path relative to it (with ``/``), sorted.

    Raises:
        ImageError: There is no such folder, or no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ImageError(f"{folder}: no such folder")
    files = (path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    found = {path.relative_to(folder).as_posix(): path for path in files if path.is_file()}
    if not found:
        raise ImageError(f"{folder}: no image in it")
    return dict(sorted(found.items()))


def listed_images(file: str | Path) -> dict[str, Path]:
    """The images of a list: one path per line, relative to the list's folder.

    Raises:
        ImageError: The list cannot be read or is empty.
    """
    file = Path(file)
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ImageError(f"{file}: not a folder, and not a readable list of images") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise ImageError(f"{file}: names no image")
    return {name: file.parent / name for name in names}
