"""Files that are there whole or not at all, and folders that one process at a time writes to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spotter.errors import ConfigError
from spotter.io.names import printable_path

try:
    import fcntl
except ImportError:  # Windows locks no folders.
    fcntl = None  # type: ignore[assignment]


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a file at once: whoever sees it sees all of it, and a failure leaves what was there.

    Args:
        path: The file; its folder is made if missing.
        content: Bytes, or text that is written as UTF-8. Lone surrogates, which only a text from
            elsewhere could have, become ``?``.

    Raises:
        OSError: It cannot be written; ``filename`` names it.
    """
    path = Path(path)
    data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        # What a full disk says names no file.
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


@contextmanager
def only_writer(folder: str | Path) -> Iterator[None]:
    """Keep a folder to one process while the block runs; nothing is left behind in it or of it.

    The lock is of the folder itself, and the system drops it when the process ends, however it
    does. Where it has no such locks (Windows, some network drives) nothing is kept.

    Args:
        folder: Made if missing, and removed if it is still empty at the end.

    Raises:
        ConfigError: Another process holds it, or the folder cannot be made.
    """
    path = Path(folder)
    made = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{printable_path(path)}: cannot be made ({reason})") from None
    try:
        with _locked(path):
            yield
    finally:
        if made:
            with suppress(OSError):
                path.rmdir()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"{printable_path(path)}: another process writes to it") from None
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)
