"""Word crops in an LMDB: keys ``num-samples``, ``image-000000001`` and ``label-000000001``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from spotter.data.readers.base import Reader
from spotter.errors import AnnotationError
from spotter.io.bounded import check_lmdb, failures_as
from spotter.registry import READERS


@READERS.register_module()
class LMDBReader(Reader):
    """The layout in which recognition benchmarks and MJSynth/SynthText are shared.

    Labels are read when asked for, so an archive of millions of crops opens at once.

    Args:
        lmdb_path: Folder with ``data.mdb``.
        labelled: ``False``: do not look for labels; every text is unknown.

    Raises:
        AnnotationError: The archive is missing, or a key is.
    """

    def __init__(
        self,
        lmdb_path: str | Path,
        labelled: bool = True,
    ) -> None:
        self.lmdb_path = str(lmdb_path)
        self.labelled = labelled
        super().__init__()

    def _total(self) -> int:
        value = read_lmdb_value(self.lmdb_path, "num-samples")
        # As many digits as any archive can count; int() of text also takes signs and underscores.
        if not re.fullmatch(rb"[0-9]{1,15}", value):
            raise AnnotationError(f"{self.lmdb_path}: num-samples is {value[:40]!r}")
        # An image each, and the number of them itself.
        entries = _environment(self.lmdb_path).stat()["entries"]
        if int(value) >= entries:
            many = f"num-samples is {int(value)}, of {entries} entries in all"
            raise AnnotationError(f"{self.lmdb_path}: {many}")
        return int(value)

    def _read(self, index: int) -> dict[str, Any]:
        number = f"{index + 1:09d}"
        text: str | None = None
        if self.labelled:
            try:
                text = read_lmdb_value(self.lmdb_path, f"label-{number}").decode("utf-8").strip()
            except UnicodeDecodeError:
                raise AnnotationError(f"{self.lmdb_path}:label-{number}: not UTF-8") from None
        return {"lmdb_path": self.lmdb_path, "key": f"image-{number}", "text": text or None}


def close_lmdb(lmdb_path: str) -> None:
    """Forget an archive that was read, so that this process can write to it."""
    environment = _OPENED.pop(lmdb_path, None)
    if environment is not None:
        environment.close()


def read_lmdb_value(lmdb_path: str, key: str) -> bytes:
    """The value stored under ``key``, such as an encoded image or the record of a mined crop.

    Raises:
        AnnotationError: The archive is missing, or the key is.
    """
    environment = _environment(lmdb_path)
    with failures_as(AnnotationError, lmdb_path, "cannot be read"), environment.begin() as reading:
        value = reading.get(key.encode())
    if value is None:
        raise AnnotationError(f"{lmdb_path}: has no key {key[:80]}")
    return bytes(value)


_OPENED: dict[str, Any] = {}


def _environment(lmdb_path: str) -> Any:
    if lmdb_path in _OPENED:
        return _OPENED[lmdb_path]
    # Only users of this layout need the package.
    import lmdb

    check_lmdb(lmdb_path, AnnotationError)
    try:
        environment = lmdb.open(
            lmdb_path, readonly=True, lock=False, readahead=False, meminit=False
        )
    except lmdb.Error as error:
        raise AnnotationError(f"{lmdb_path}: cannot be opened ({error})") from None
    _OPENED[lmdb_path] = environment
    return environment


def _close_all() -> None:
    """Forget the environments of the process that this one was forked from."""
    while _OPENED:
        _OPENED.popitem()[1].close()


# An environment must not cross a fork, and one that did keeps its archive from being opened again.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_all)
