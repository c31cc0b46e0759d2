"""Photos and archives behind an address: object storage and servers, by fsspec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from spotter.bulk.photos import Photo
from spotter.bulk.sources.folders import EXTRA, is_photo_name
from spotter.errors import ConfigError, ImageError
from spotter.io.names import one_line, printable_path
from spotter.io.results.parts import optional_module
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits, is_url

# Its files live in one process, so that no other can fetch them.
_OF_THIS_PROCESS = ("memory://",)


def filesystem_of(address: str) -> tuple[Any, str]:
    """fsspec's file system of an address, and the path in it.

    Raises:
        ConfigError: No such protocol, or its package is not installed.
    """
    fsspec = optional_module("fsspec", printable_path(address), EXTRA)
    try:
        return fsspec.core.url_to_fs(address)
    except (ValueError, ImportError) as error:
        raise ConfigError(f"{printable_path(address)}: {one_line(error)}") from None


def open_remote(address: str) -> IO[bytes]:
    """A stream of a file behind an address.

    Raises:
        ImageError: It cannot be opened.
    """
    files, path = filesystem_of(address)
    try:
        return files.open(path, "rb")
    except Exception as error:
        # Each of fsspec's file systems has its own.
        name = printable_path(address)
        raise ImageError(f"{name}: cannot be opened ({one_line(error)})") from None


def fetch(address: str, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """The bytes of a file behind an address.

    Raises:
        ImageError: It cannot be read, or is larger than ``limits.max_bytes``.
    """
    name = printable_path(address)
    try:
        with open_remote(address) as stream:
            data = stream.read(limits.max_bytes + 1)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(f"{name}: cannot be fetched ({one_line(error)})") from None
    if len(data) > limits.max_bytes:
        raise ImageError(f"{name}: more than the limit of {limits.max_bytes} bytes")
    return data


def walk_remote(address: str, limits: ReadLimits = DEFAULT_LIMITS) -> Iterator[Photo]:
    """The photo behind an address, or the photos below it, sorted folder by folder.

    Addresses of ``http`` and ``https`` are always one photo. Of one folder at a time the names are
    held.

    Raises:
        ConfigError: See :func:`filesystem_of`.
    """
    if is_url(address):
        yield Photo(printable_path(address), address)
        return
    files, path = filesystem_of(address)
    name = printable_path(address)
    try:
        if not files.isdir(path):
            yield _remote_photo(address, limits)
            return
        for folder, below, names in files.walk(path, detail=False):
            # Also tells the walk the order of what follows.
            below.sort()
            for each in sorted(names):
                if is_photo_name(each):
                    found = files.unstrip_protocol(f"{folder.rstrip('/')}/{each}")
                    yield _remote_photo(found, limits)
    except (ConfigError, ImageError):
        raise
    except Exception as error:
        yield Photo(name, error=f"{name}: cannot be listed ({one_line(error)})")


def _remote_photo(address: str, limits: ReadLimits) -> Photo:
    name = printable_path(address)
    if address.startswith(_OF_THIS_PROCESS):
        return Photo(name, load=lambda: fetch(address, limits))
    return Photo(name, address)
