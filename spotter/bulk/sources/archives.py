"""Photos in tar archives (WebDataset shards), Parquet tables and LMDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from spotter.bulk.photos import Photo
from spotter.bulk.sources.folders import EXTRA, is_photo_name
from spotter.errors import ImageError
from spotter.io.bounded import check_lmdb, open_regular
from spotter.io.names import one_line, printable_path
from spotter.io.results.parts import optional_module
from spotter.io.sources import DEFAULT_LIMITS, ReadLimits
from spotter.io.tar_members import tar_members

_NAME_COLUMNS = (
    *("path", "name", "file_name", "filename", "image_path"),
    *("key", "__key__", "id", "url"),
)
_ROWS = 16


def walk_tar(
    archive: Path | IO[bytes], name: str, limits: ReadLimits = DEFAULT_LIMITS
) -> Iterator[Photo]:
    """The photos of a tar archive, named ``ARCHIVE/MEMBER``.

    Members whose names do not end as those of pictures and documents do are passed over, as the
    texts and labels of WebDataset shards are.

    Args:
        archive: The file, or a stream.
        name: Of the archive.
        limits: Of a member.
    """
    try:
        for member in tar_members(archive, name, ImageError, limits.max_bytes, is_photo_name):
            shown = f"{name}/{member.name}" if member.name else name
            yield Photo(shown, load=member.read, error=member.error)
    except ImageError as error:
        yield Photo(name, error=str(error))


def walk_parquet(
    table: Path | IO[bytes], name: str, limits: ReadLimits = DEFAULT_LIMITS
) -> Iterator[Photo]:
    """The photos in a column of bytes of a Parquet table, named ``TABLE/ROW`` or ``TABLE/PATH``.

    The column is the first that holds bytes, or structures of ``bytes`` and ``path`` as Hugging
    Face's ``datasets`` writes them. Names are taken from these, or from a column of texts named
    path, name, file_name, filename, image_path, key, __key__, id or url.

    Args:
        table: The file, or a seekable stream.
        name: Of the table.
        limits: Of a photo.
    """
    parquet = optional_module("pyarrow.parquet", "a Parquet table", EXTRA)
    try:
        if isinstance(table, Path):
            open_regular(table, ImageError).close()
        source = str(table) if isinstance(table, Path) else table
        file = parquet.ParquetFile(
            source, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True
        )
        column, names = _parquet_columns(file.schema_arrow)
    except ImageError as error:
        yield Photo(name, error=str(error))
        return
    except Exception as error:
        # Arrow's errors are those of Python, and several of its own.
        yield Photo(name, error=f"{name}: is not a readable Parquet table ({one_line(error)})")
        return
    if column is None:
        yield Photo(name, error=f"{name}: has no column of bytes")
        return
    columns = [column] if names is None else [column, names]
    first = 0
    with file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            row = first
            try:
                for batch in file.iter_batches(_ROWS, [group], columns, use_threads=False):
                    given = batch.column(column)
                    texts = None if names is None else batch.column(names)
                    for index in range(len(batch)):
                        label = None if texts is None else texts[index].as_py()
                        yield _of_cell(given[index], label, row, name, limits)
                        row += 1
            except Exception as error:
                lost = f"rows {row} to {first + rows - 1} cannot be read ({one_line(error)})"
                yield Photo(f"{name}/{row}-{first + rows - 1}", error=f"{name}: {lost}")
            first += rows


def _parquet_columns(schema: Any) -> tuple[str | None, str | None]:
    """The column of bytes, and that of names, where there are any."""
    import pyarrow

    def binary(kind: Any) -> bool:
        if pyarrow.types.is_struct(kind):
            index = kind.get_field_index("bytes")
            return index >= 0 and binary(kind.field(index).type)
        return pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind)

    column = next((field.name for field in schema if binary(field.type)), None)
    texts = {
        field.name
        for field in schema
        if pyarrow.types.is_string(field.type) or pyarrow.types.is_large_string(field.type)
    }
    return column, next((each for each in _NAME_COLUMNS if each in texts), None)


def _of_cell(cell: Any, label: Any, row: int, table: str, limits: ReadLimits) -> Photo:
    value = cell.as_py()
    if isinstance(value, dict):
        label = label or value.get("path")
        value = value.get("bytes")
    name = f"{table}/{printable_path(str(label)) if label else row}"
    if not value:
        return Photo(name, error=f"{name}: holds no bytes")
    if len(value) > limits.max_bytes:
        return Photo(name, error=f"{name}: more than the limit of {limits.max_bytes} bytes")
    return Photo(name, value)


def count_parquet(table: Path) -> int:
    """How many rows a table has."""
    from pyarrow import parquet

    return parquet.read_metadata(str(table)).num_rows


def walk_lmdb(archive: Path, name: str, limits: ReadLimits = DEFAULT_LIMITS) -> Iterator[Photo]:
    """The photos of an LMDB archive, named ``ARCHIVE/KEY``, in the order of the keys.

    Of an archive in the layout of text recognition (keys ``image-...``, ``label-...`` and
    ``num-samples``), these are the images; of any other, all values.
    """
    try:
        check_lmdb(archive, ImageError)
    except ImageError as error:
        yield Photo(name, error=str(error))
        return
    lmdb = optional_module("lmdb", "an LMDB archive", EXTRA)
    folder = archive.is_dir()
    try:
        with (
            lmdb.open(str(archive), readonly=True, lock=False, subdir=folder) as environment,
            environment.begin(buffers=True) as transaction,
            transaction.cursor() as cursor,
        ):
            of_words = transaction.get(b"num-samples") is not None
            for key, value in cursor:
                if of_words and not bytes(key).startswith(b"image-"):
                    continue
                shown = f"{name}/{printable_path(bytes(key))}"
                if len(value) > limits.max_bytes:
                    line = f"{shown}: more than the limit of {limits.max_bytes} bytes"
                    yield Photo(shown, error=line)
                else:
                    yield Photo(shown, load=_copied(value))
    except lmdb.Error as error:
        yield Photo(name, error=f"{name}: cannot be read on ({one_line(error)})")


def _copied(value: Any) -> Callable[[], bytes]:
    return lambda: bytes(value)
