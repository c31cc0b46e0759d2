"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Gives a temporary path beside a file, which replaces the file when the block succeeds.

    Args:
        path: The file; its folder is made if missing. Whoever sees it sees all of it, and a failure
            leaves what was there.

    Raises:
        OSError: It cannot be written; ``filename`` names it.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        # What a full disk says names no file.
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file(path: str | Path, content: str | bytes) -> None:
    """Write a file at once, see :func:`atomic_write`.

    Args:
        path: The file.
        content: Bytes, or text that is written as UTF-8. Lone surrogates, which only a text from
            elsewhere could have, become ``?``.

    Raises:
        OSError: It cannot be written; ``filename`` names it.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)
