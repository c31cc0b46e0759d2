"""Outputs that a run goes on with after it was killed, to the same bytes as if it had not been."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from spotter.bulk.line_file import LineFile
from spotter.bulk.names import NameSet
from spotter.bulk.records import Line, scan_line, scan_lines
from spotter.errors import AnnotationError
from spotter.io.locks import OutputLock
from spotter.io.names import one_line, printable_path

HINT = "give another --out; shards (--shard K/N) can share a folder of Parquet"


class Output(Protocol):
    """What a run writes to; it is held by a lock as long as it is open.

    One that is begun anew counts as empty from the start. What it holds is removed when the first
    photo is written, or when a run that had none to write comes to its end.
    """

    def entries(self) -> Iterator[Line]:
        """What it holds, line by line."""
        ...

    def drop(self, failed: set[str]) -> None:
        """Remove photos."""
        ...

    def write(self, data: bytes) -> None:
        """Write the lines of the next photo.

        Raises:
            AnnotationError: They cannot be written, such as on a full disk.
        """
        ...

    def close(self, complete: bool) -> None:
        """End writing.

        Args:
            complete: Whether the run came to its end; otherwise another one goes on with it.
        """
        ...


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Makes one line of what a file system says.

    Raises:
        AnnotationError: The output cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or one_line(error)
        raise AnnotationError(f"{printable_path(path)}: cannot be written ({reason})") from None


class LinesOutput:
    """``.jsonl``: photos are appended one after the other.

    Args:
        path: The file.
        anew: Begin anew, see :class:`Output`.

    Raises:
        ConfigError: Another process writes the file.
        AnnotationError: It cannot be written, or holds something else.
    """

    def __init__(self, path: Path, anew: bool = False) -> None:
        self.path, self._anew = path, anew
        with written(path):
            self._lock = OutputLock(path, HINT)
            try:
                self._made = not path.exists()
                self._file = LineFile(path, self._lock.was_left)
            except BaseException:
                self._lock.release()
                raise

    def entries(self) -> Iterator[Line]:
        """See :class:`Output`."""
        return scan_lines(() if self._anew else self._file.lines())

    def drop(self, failed: set[str]) -> None:
        """See :class:`Output`; the file is replaced at once."""
        with written(self.path):
            rest = self.path.with_name(f".{self.path.name}.rest")
            with rest.open("wb") as file:
                file.writelines(without(self._file.lines(), failed))
            self._file.close()
            os.replace(rest, self.path)
            self._file = LineFile(self.path, cut=False)

    def write(self, data: bytes) -> None:
        """See :class:`Output`."""
        with written(self.path):
            self._begin_anew()
            self._file.append(data)

    def close(self, complete: bool) -> None:
        """See :class:`Output`; a file that was made for no photo is removed after a failure."""
        with written(self.path):
            if complete:
                self._begin_anew()
            self._file.close()
            if self._made and not complete and not self._file.photos:
                self.path.unlink()
        self._lock.release()

    def _begin_anew(self) -> None:
        if self._anew:
            self.path.unlink()
            self._file.close()
            self._file, self._anew = LineFile(self.path), False


def without(lines: Iterable[bytes], images: set[str]) -> Iterator[bytes]:
    """The lines of all photos but some."""
    for raw in lines:
        line = scan_line(raw)
        if line is None or line.image not in images:
            yield raw


def open_output(path: str | Path, shard: tuple[int, int] = (1, 1), anew: bool = False) -> Output:
    """The output that a path's ending asks for: ``.jsonl``, ``.jsonl.zst`` or ``.parquet``.

    Args:
        path: A file; of Parquet, a folder of parts.
        shard: Which one of how many this process makes; parts of Parquet are named after it.
        anew: Begin anew, see :class:`Output`.

    Raises:
        ConfigError: Another ending, another process writes it, or a package is missing.
        AnnotationError: It cannot be written, or holds something else.
    """
    from spotter.bulk.packed_outputs import ParquetOutput, ZstdOutput
    from spotter.errors import ConfigError

    path = Path(path)
    if path.name.lower().endswith(".jsonl"):
        return LinesOutput(path, anew)
    if path.name.lower().endswith(".jsonl.zst"):
        return ZstdOutput(path, anew)
    if path.name.lower().endswith(".parquet"):
        return ParquetOutput(path, shard, anew)
    raise ConfigError(f"{printable_path(path)}: --out ends in .jsonl, .jsonl.zst or .parquet")


def done_names(output: Output, retry_failed: bool = False) -> NameSet:
    """The photos that an output holds.

    Args:
        output: Open.
        retry_failed: First remove those that could not be read, and documents with such a page.
    """
    failed = {line.image for line in output.entries() if line.failed} if retry_failed else set()
    if failed:
        output.drop(failed)
    done = NameSet()
    for line in output.entries():
        done.add(line.image)
    return done
