"""One writer for each output, and one maker of what others wait for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from spotter.errors import ConfigError
from spotter.io.names import one_line, printable_path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


_held: dict[str, int | None] = {}
"""Descriptors of the locks of this process, by path."""


class OutputLock:
    """Holds an output as long as it is written; a process cannot hold one twice.

    A file is held by a file ``.NAME.lock`` beside it, which names its writer and is removed at the
    end; a folder is held itself. The lock goes with its process however that ends, and children of
    the process do not hold it. Other processes are not kept out on Windows, nor on network drives
    that have no locks.

    Args:
        output: The file or folder that is written; a file's folder is made if missing.
        hint: What a second writer can do instead.
        is_folder: Whether it is a folder; it is made if missing, and removed if still empty at the
            end.

    Attributes:
        was_left: Whether the writer of a file before was cut off, so that it could not release its
            lock.

    Raises:
        ConfigError: Another process, or this one, writes the output; or its folder cannot be made.
        OSError: The lock of a file cannot be made.
    """

    def __init__(self, output: str | Path, hint: str = "", is_folder: bool = False) -> None:
        output = Path(output)
        self.path = output if is_folder else output.with_name(f".{output.name}.lock")
        self.was_left = False
        self._is_folder = is_folder
        self._made = is_folder and not output.exists()
        self._key = os.path.abspath(self.path)
        self._process = os.getpid()
        taken = f"{printable_path(output)}: is being written by"
        if self._key in _held:
            raise ConfigError(f"{taken} this process")
        while (file := self._open()) is not None:
            if not _lock(file):
                owner = "" if is_folder else printable_path(os.read(file, 200))
                os.close(file)
                raise ConfigError(f"{taken} {owner or 'another process'}{hint and '; '}{hint}")
            # A writer that ended meanwhile may have removed what was opened here.
            if _is_same(file, self.path):
                break
            os.close(file)
        _held[self._key] = file
        if file is not None and not is_folder:
            try:
                self.was_left = os.fstat(file).st_size > 0
                os.ftruncate(file, 0)
                os.write(file, f"process {os.getpid()} on {socket.gethostname()}".encode())
            except OSError:
                self.release()
                raise

    def _open(self) -> int | None:
        """A descriptor of what is locked; ``None`` where folders cannot be locked."""
        if not self._is_folder:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDONLY) if fcntl is not None else None
        except OSError as error:
            reason = error.strerror or one_line(error)
            raise ConfigError(f"{printable_path(self.path)}: cannot be made ({reason})") from None

    def release(self) -> None:
        """Let others write the output; a child of the process that holds it leaves it alone."""
        if self._key not in _held or os.getpid() != self._process:
            return
        # Removed while it is still held, so that nobody else can have taken it meanwhile.
        with suppress(OSError):
            if self._made:
                self.path.rmdir()
            elif not self._is_folder:
                self.path.unlink()
        file = _held.pop(self._key)
        if file is not None:
            os.close(file)

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


def _lock(file: int) -> bool:
    """False if another process holds it."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # A drive without locks, where nobody is kept out.
            pass
    return True


def _is_same(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _leave_to_parent() -> None:
    """What a child does first: a lock that it shared would outlive the parent."""
    for file in _held.values():
        if file is not None:
            os.close(file)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
