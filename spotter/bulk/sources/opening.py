"""What an argument of a command line names, photo by photo."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from spotter.bulk.photos import Photo, with_unused_names
from spotter.bulk.sources import archives, folders, remote
from spotter.errors import ImageError
from spotter.io.names import printable_path
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
TABLE_SUFFIXES = (".parquet",)
LMDB_SUFFIXES = (".lmdb", ".mdb")


def is_archive(source: str | Path) -> bool:
    """Whether an argument names an archive, a table, or an address that only fsspec reads."""
    text = str(source)
    if "://" in text and not text.lower().startswith(("http://", "https://")):
        return True
    ending = urlsplit(text).path.lower() if "://" in text else text.lower()
    return ending.endswith((*TAR_SUFFIXES, *TABLE_SUFFIXES, *LMDB_SUFFIXES)) or _is_lmdb(text)


def check_sources(sources: Sequence[str | Path]) -> None:
    """Refuse arguments of which a look at the beginning shows that they are wrong.

    Raises:
        ImageError: A path is not there, a pattern matches no file, or a list cannot be read.
    """
    for text in map(str, sources):
        if _is_pattern(text):
            if next(glob.iglob(text, recursive=True), None) is None:
                raise _no_match(text)
        elif "://" not in text and text.lower().endswith(".txt") and not Path(text).is_dir():
            next(folders.walk_list(Path(text), True), None)
        elif "://" not in text and _is_missing(text):
            raise ImageError(f"{printable_path(text)}: no such file or folder")


def walk_photos(
    sources: Sequence[str | Path], limits: ReadLimits = DEFAULT_LIMITS, documents: bool = True
) -> Iterator[Photo]:
    """The photos that some arguments name, in a fixed order; none is looked for before its turn.

    Args:
        sources: Files, addresses, folders (searched recursively), patterns, lists (``.txt``), tar
            archives, Parquet tables, LMDB archives; archives may lie behind addresses.
        limits: Of the bytes of a photo.
        documents: Also give the PDF files of folders.

    Yields:
        Photos, each once and with a name of its own. In a single folder or list a photo is named by
        its path below it, otherwise by its path; in an archive by the archive and the member.

    Raises:
        ImageError: There is no photo at all. Or a folder or list cannot be read, or a pattern
            matches no file; raised when it is come to.
        ConfigError: An address of an unknown protocol.
    """
    single = len(sources) == 1
    found = (photo for each in sources for photo in photos_of(each, single, limits, documents))
    photo = None
    for photo in with_unused_names(found):
        yield photo
    if photo is None:
        raise ImageError(f"{', '.join(map(str, sources))[:200]}: no image in it")


def expanded(sources: Sequence[str | Path]) -> list[str]:
    """Arguments, with patterns replaced by what they match.

    Raises:
        ImageError: A pattern matches no file.
    """
    found: list[str] = []
    for source in map(str, sources):
        found += _matches(source) if _is_pattern(source) else [source]
    return found


def photos_of(
    source: str | Path,
    single: bool,
    limits: ReadLimits = DEFAULT_LIMITS,
    documents: bool = True,
) -> Iterator[Photo]:
    """The photos that one argument names, see :func:`walk_photos`; names may be alike.

    Args:
        source: The argument.
        single: Whether it is the only one.
        limits: Of the bytes of a photo.
        documents: Also give the PDF files of folders.
    """
    text = str(source)
    if "://" in text:
        yield from _behind_address(text, limits)
        return
    path, name = Path(source), printable_path(Path(source).as_posix())
    ending = text.lower()
    if _is_lmdb(text) or (ending.endswith(LMDB_SUFFIXES) and not _is_pattern(text)):
        yield from archives.walk_lmdb(path, name, limits)
    elif ending.endswith(TABLE_SUFFIXES) and not _is_pattern(text):
        for table in sorted(path.rglob("*.parquet")) if path.is_dir() else [path]:
            shown = printable_path(table.as_posix())
            yield from archives.walk_parquet(table, shown, limits)
    elif path.is_dir():
        prefix = "" if single else f"{name.rstrip('/')}/"
        yield from folders.walk_folder(path, prefix, documents)
    elif ending.endswith(TAR_SUFFIXES) and not _is_pattern(text):
        yield from archives.walk_tar(path, name, limits)
    elif ending.endswith(".txt") and not _is_pattern(text):
        yield from folders.walk_list(path, single)
    elif not _is_pattern(text):
        yield Photo(name, path)
    else:
        for match in _matches(text):
            yield from photos_of(match, False, limits, documents)


def _matches(pattern: str) -> list[str]:
    matches = sorted(glob.glob(pattern, recursive=True))
    if not matches:
        raise _no_match(pattern)
    return matches


def _no_match(pattern: str) -> ImageError:
    return ImageError(f"{printable_path(pattern)}: no file matches")


def _behind_address(address: str, limits: ReadLimits) -> Iterator[Photo]:
    ending = urlsplit(address).path.lower()
    if not ending.endswith((*TAR_SUFFIXES, *TABLE_SUFFIXES)):
        yield from remote.walk_remote(address, limits)
        return
    name = printable_path(address)
    try:
        stream: IO[bytes] = remote.open_remote(address)
    except ImageError as error:
        yield Photo(name, error=str(error))
        return
    with stream:
        if ending.endswith(TABLE_SUFFIXES):
            yield from archives.walk_parquet(stream, name, limits)
        else:
            yield from archives.walk_tar(stream, name, limits)


def _is_pattern(text: str) -> bool:
    return "://" not in text and glob.has_magic(text) and not Path(text).exists()


def _is_missing(text: str) -> bool:
    try:
        os.stat(text)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        # What cannot be looked at is reported by who reads it.
        return False
    return False


def _is_lmdb(text: str) -> bool:
    return "://" not in text and Path(text, "data.mdb").is_file()


def count_photos(sources: Sequence[str | Path], documents: bool = True) -> int | None:
    """How many photos some arguments name; ``None`` where that takes reading them."""
    total = 0
    for source in sources:
        text, path = str(source), Path(source)
        is_table = text.lower().endswith(TABLE_SUFFIXES) and not _is_pattern(text)
        if "://" in text or (is_archive(text) and not is_table and not _is_pattern(text)):
            return None
        try:
            if is_table:
                tables = path.rglob("*.parquet") if path.is_dir() else [path]
                total += sum(archives.count_parquet(table) for table in tables)
            elif path.is_dir():
                total += folders.count_folder(path, documents)
            elif text.lower().endswith(".txt"):
                total += folders.count_list(path)
            elif _is_pattern(text):
                matches = glob.glob(text, recursive=True)
                within = count_photos(matches, documents)
                if within is None:
                    return None
                total += within
            else:
                total += 1
        except Exception:
            # What cannot be read is reported by who reads it.
            return None
    return total
