"""Outputs made of parts: frames of ``.jsonl.zst``, files of Parquet.

The photos of the part that is being filled stand in a journal beside it. They become a part when
there are enough of them, or when the run ends. Parts are made of the same photos however often the
run was cut off, as what decides is their number.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spotter.bulk.line_file import LineFile
from spotter.bulk.outputs import HINT, without, written
from spotter.bulk.records import Line, scan_lines
from spotter.bulk.sources.folders import EXTRA
from spotter.errors import AnnotationError
from spotter.io.locks import OutputLock
from spotter.io.names import one_line, printable_path
from spotter.io.results.parts import optional_module

PART_PHOTOS = 1000
"""Photos of a part."""


class PackedOutput:
    """A journal, and parts that are made of it.

    Args:
        path: The output.
        locked: What the lock is named after.
        journal: The file of the part that is being filled.
        anew: Begin anew, see :class:`spotter.bulk.outputs.Output`; nothing is opened until then.
    """

    def __init__(self, path: Path, locked: Path, journal: Path, anew: bool) -> None:
        self.path, self._journal_path, self._anew = path, journal, anew
        with written(path):
            self._lock = OutputLock(locked, HINT)
            try:
                if not anew:
                    self._open()
            except BaseException:
                self._lock.release()
                raise

    def _open(self) -> None:
        """Go on with the part that is being filled."""
        place = self._place_in_journal()
        if place is None or not self._take_back(place):
            self._begin()
        else:
            with self._journal_path.open("rb") as file:
                start = len(file.readline())
            self._journal = LineFile(self._journal_path, self._lock.was_left, start)
        self._seal_if(self._journal.photos >= PART_PHOTOS)

    def _place(self) -> int:
        """What tells the part that is filled next from others."""
        raise NotImplementedError

    def _take_back(self, place: int) -> bool:
        """Remove a part that was begun out of the journal; false if the journal is of no use, as
        the part is finished or was removed.
        """
        raise NotImplementedError

    def _pack(self, lines: Iterable[bytes]) -> None:
        """Write a part."""
        raise NotImplementedError

    def _packed_entries(self) -> Iterator[Line]:
        """What the parts hold."""
        raise NotImplementedError

    def entries(self) -> Iterator[Line]:
        """See :class:`spotter.bulk.outputs.Output`."""
        yield from self._packed_entries()
        if not self._anew:
            yield from scan_lines(self._journal.lines())

    def _begin_anew(self) -> None:
        if self._anew:
            self._journal_path.unlink(missing_ok=True)
            self._remove_parts()
            self._begin()
            self._anew = False

    def _remove_parts(self) -> None:
        """Remove what :meth:`_packed_entries` leaves out of an output that is begun anew."""
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        """See :class:`spotter.bulk.outputs.Output`."""
        with written(self.path):
            self._begin_anew()
            self._journal.append(data)
            self._seal_if(self._journal.photos >= PART_PHOTOS)

    def close(self, complete: bool) -> None:
        """See :class:`spotter.bulk.outputs.Output`."""
        with written(self.path):
            if complete:
                self._begin_anew()
            if not self._anew:
                self._seal_if(complete and self._journal.photos > 0)
                self._journal.close()
            if complete:
                self._journal_path.unlink()
        self._lock.release()

    def _place_in_journal(self) -> int | None:
        """The part that the journal belongs to; ``None``, if there is none that was begun."""
        if not self._journal_path.is_file():
            return None
        with self._journal_path.open("rb") as file:
            head = file.readline()
        try:
            return int(json.loads(head)["place"]) if head.endswith(b"\n") else None
        except (ValueError, KeyError, TypeError):
            raise AnnotationError(f"{printable_path(self._journal_path)}: not a journal") from None

    def _begin(self, lines: Iterable[bytes] = ()) -> None:
        """Replace the journal, at once, by that of the next part."""
        begun = self._journal_path.with_name(f"{self._journal_path.name}.new")
        head = (json.dumps({"place": self._place()}) + "\n").encode()
        with begun.open("wb") as file:
            file.write(head)
            file.writelines(lines)
        os.replace(begun, self._journal_path)
        self._journal = LineFile(self._journal_path, cut=False, start=len(head))

    def _seal_if(self, full: bool) -> None:
        if full:
            self._pack(self._journal.lines())
            self._journal.close()
            self._begin()


class ZstdOutput(PackedOutput):
    """``.jsonl.zst``: frames of Zstandard, one after the other, which ``zstd -dc`` reads as one.

    Args:
        path: The file.
        anew: Begin anew, see :class:`spotter.bulk.outputs.Output`.

    Raises:
        ConfigError: Another process writes the file, or zstandard is not installed.
        AnnotationError: It cannot be written, or holds something else.
    """

    def __init__(self, path: Path, anew: bool = False) -> None:
        self._zstd: Any = optional_module("zstandard", printable_path(path), EXTRA)
        super().__init__(path, path, path.with_name(f".{path.name}.journal"), anew)

    def _place(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def _take_back(self, place: int) -> bool:
        if place and not self.path.is_file():
            return False
        if self._place() < place:
            name = printable_path(self.path)
            raise AnnotationError(f"{name}: is shorter than when it was written")
        if self._place() > place:
            os.truncate(self.path, place)
        return True

    def _pack(self, lines: Iterable[bytes]) -> None:
        frame = self._zstd.ZstdCompressor(level=6).compress(b"".join(lines))
        with self.path.open("ab") as file:
            file.write(frame)
            file.flush()
            os.fsync(file.fileno())

    def _remove_parts(self) -> None:
        self.path.unlink(missing_ok=True)

    def _packed_lines(self) -> Iterator[bytes]:
        if self._anew or not self.path.is_file():
            return
        try:
            with (
                self.path.open("rb") as file,
                self._zstd.ZstdDecompressor().stream_reader(file, read_across_frames=True) as all_,
            ):
                yield from io.BufferedReader(all_)
        except self._zstd.ZstdError as error:
            name = printable_path(self.path)
            raise AnnotationError(f"{name}: is damaged ({one_line(error)})") from None

    def _packed_entries(self) -> Iterator[Line]:
        return scan_lines(self._packed_lines())

    def drop(self, failed: set[str]) -> None:
        """See :class:`spotter.bulk.outputs.Output`; all is packed anew, and replaced at once."""
        with written(self.path):
            waiting = list(without(self._journal.lines(), failed))
            rest = self.path.with_name(f".{self.path.name}.rest")
            compressor = self._zstd.ZstdCompressor(level=6)
            with rest.open("wb") as file, compressor.stream_writer(file, closefd=False) as packed:
                for raw in without(self._packed_lines(), failed):
                    packed.write(raw)
            self._journal.close()
            # Between the two, only what waits to be packed may be lost, and is then made again.
            self._journal_path.unlink()
            os.replace(rest, self.path)
            self._begin(waiting)


class ParquetOutput(PackedOutput):
    """``.parquet``: a folder of files, ``part-00000.parquet`` or ``part-2-of-8-00000.parquet``.

    Args:
        path: The folder.
        shard: Which one of how many.
        anew: Begin anew, see :class:`spotter.bulk.outputs.Output`.

    Raises:
        ConfigError: Another process writes the same shard, or pyarrow is not installed.
        AnnotationError: It cannot be written, or holds something else.
    """

    def __init__(self, path: Path, shard: tuple[int, int] = (1, 1), anew: bool = False) -> None:
        self._arrow: Any = optional_module("pyarrow", printable_path(path), EXTRA)
        self._prefix = "part" if shard[1] == 1 else f"part-{shard[0]}-of-{shard[1]}"
        with written(path):
            path.mkdir(parents=True, exist_ok=True)
        super().__init__(path, path / self._prefix, path / f".{self._prefix}.journal", anew)

    def _part(self, number: int) -> Path:
        return self.path / f"{self._prefix}-{number:05d}.parquet"

    def _place(self) -> int:
        own = re.compile(re.escape(self._prefix) + r"-(\d{5,})\.parquet")
        found = [own.fullmatch(each.name) for each in self.path.iterdir()]
        return max((int(match[1]) + 1 for match in found if match), default=0)

    def _take_back(self, place: int) -> bool:
        return not self._part(place).is_file()

    def _pack(self, lines: Iterable[bytes]) -> None:
        table = self._arrow.Table.from_pylist([json.loads(raw) for raw in lines], result_schema())
        self._store(table, self._part(self._place()))

    def _own_parts(self) -> list[Path]:
        return sorted(self.path.glob(f"{self._prefix}-*.parquet"))

    def _remove_parts(self) -> None:
        for part in self._own_parts():
            part.unlink()

    def _store(self, table: Any, part: Path) -> None:
        from pyarrow import parquet

        begun = part.with_name(f".{part.name}.new")
        parquet.write_table(table, begun, compression="zstd")
        os.replace(begun, part)

    def _packed_entries(self) -> Iterator[Line]:
        from pyarrow import parquet

        left_out = self._own_parts() if self._anew else ()
        for part in sorted({*self.path.glob("part-*.parquet")}.difference(left_out)):
            try:
                table = parquet.read_table(part, columns=["image", "page", "error"])
            except Exception as error:
                # Arrow's errors are those of Python, and several of its own.
                name = printable_path(part)
                raise AnnotationError(f"{name}: is not ours ({one_line(error)})") from None
            columns = (table.column(name).to_pylist() for name in table.column_names)
            for image, page, error_line in zip(*columns, strict=True):
                yield Line(image, page is not None, error_line is not None)

    def drop(self, failed: set[str]) -> None:
        """See :class:`spotter.bulk.outputs.Output`; parts are replaced one after the other."""
        import pyarrow.compute
        from pyarrow import parquet

        if self._anew:
            return
        with written(self.path):
            for part in self._own_parts():
                table = parquet.read_table(part)
                lost = pyarrow.compute.is_in(table.column("image"), self._arrow.array(failed))
                rest = table.filter(pyarrow.compute.invert(lost))
                if len(rest) < len(table):
                    self._store(rest, part)
            self._journal.close()
            self._begin(list(without(self._journal.lines(), failed)))


def result_schema() -> Any:
    """The columns of Parquet: those of the one JSON schema."""
    import pyarrow as pa

    word = pa.struct(
        {
            "polygon": pa.list_(pa.list_(pa.float64())),
            "text": pa.string(),
            "score": pa.float64(),
            "detection_score": pa.float64(),
            "recognition_score": pa.float64(),
        }
    )
    return pa.schema(
        {
            "image": pa.string(),
            "page": pa.int32(),
            "width": pa.int32(),
            "height": pa.int32(),
            "orientation": pa.float64(),
            "instances": pa.list_(word),
            "notes": pa.list_(pa.string()),
            "error": pa.string(),
        }
    )
