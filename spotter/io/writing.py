"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


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
