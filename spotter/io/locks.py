"""One writer for each output, and one maker of what others wait for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from spotter.errors import ConfigError
from spotter.io.names import printable_path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


# Locks of POSIX do not keep a process out of what it holds itself.
_held: set[str] = set()


class OutputLock:
    """Holds a file ``.NAME.lock`` beside an output as long as it is written.

    The lock belongs to the process: it goes with it however it ends, and is not inherited by its
    children.

    Args:
        output: The file or folder that is written; its folder is made if missing.
        hint: What a second writer can do instead.

    Attributes:
        was_left: Whether the writer before was cut off, so that it could not release its lock.

    Raises:
        ConfigError: Another process writes the output.
        OSError: The lock cannot be made.
    """

    def __init__(self, output: str | Path, hint: str = "") -> None:
        output = Path(output)
        self.path = output.with_name(f".{output.name}.lock")
        output.parent.mkdir(parents=True, exist_ok=True)
        self._file: int | None = None
        self._key = os.path.abspath(self.path)
        taken = f"{printable_path(output)}: is being written by"
        if self._key in _held:
            raise ConfigError(f"{taken} this process")
        while self._file is None:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                _lock(file)
            except OSError:
                owner = printable_path(os.read(file, 200))
                os.close(file)
                raise ConfigError(
                    f"{taken} {owner or 'another process'}{hint and '; '}{hint}"
                ) from None
            # A writer that ended meanwhile may have removed the file that was opened here.
            if _is_same(file, self.path):
                self._file = file
            else:
                os.close(file)
        self.was_left = os.fstat(self._file).st_size > 0
        os.ftruncate(self._file, 0)
        _held.add(self._key)
        os.write(self._file, f"process {os.getpid()} on {socket.gethostname()}".encode())

    def release(self) -> None:
        """Let others write the output."""
        if self._file is not None:
            self.path.unlink(missing_ok=True)
            os.close(self._file)
            _held.discard(self._key)
            self._file = None

    def __enter__(self) -> OutputLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


@contextmanager
def waiting_lock(path: str | Path) -> Iterator[None]:
    """Let one process at a time run the block; others wait. On Windows they do not.

    Args:
        path: File that is locked; made if missing, and left.
    """
    with open(path, "w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock(file: int) -> None:
    if fcntl is not None:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_same(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False
