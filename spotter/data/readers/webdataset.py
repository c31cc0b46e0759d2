"""Word crops and photos in WebDataset shards: tar archives, read at any place."""

from __future__ import annotations

import glob
import io
import os
import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from spotter.data.readers.base import Reader, natural_key
from spotter.data.readers.canonical import canonical_instance, canonical_text
from spotter.data.readers.json_files import checked, field, parse_json
from spotter.data.readers.packed import progress
from spotter.errors import AnnotationError
from spotter.io.bounded import failures_as, open_regular
from spotter.io.images import IMAGE_SUFFIXES
from spotter.io.locks import waiting_lock
from spotter.io.names import printable_path
from spotter.io.tar_members import Member, tar_members
from spotter.io.writing import write_file
from spotter.registry import READERS

_TEXT, _JSON, _DAMAGE = 1, 2, 3
_LABELS = {".txt": _TEXT, ".json": _JSON}
_FEW = 50
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@READERS.register_module()
class WebDatasetReader(Reader):
    """Images of tar archives, each with what stands beside it under the same name.

    Beside ``000123.jpg`` may stand ``000123.txt``, the text of a word; or ``000123.json``, an
    object with ``text``, or one with ``instances`` as :class:`CanonicalReader` reads them, of a
    photo. Where there are both, the ``.txt`` is taken. Other members are passed over.

    Where the members lie is found once for each shard, by reading the headers of the archive, and
    kept in an index of some 40 bytes an image, which processes share. So a sample is read at its
    place, in any order, and samplers deal them out to ranks and workers and resume exactly, as they
    do with any other reader. The archives must not be packed (``.tar.gz``).

    Args:
        shards: A shard, a folder of ``.tar`` files, or a pattern such as ``words-*.tar`` or
            ``words-{000..099}.tar``; or several of these.
        labelled: ``False``: do not look for labels; every text is unknown. Otherwise an image
            without a label is refused.
        index_dir: Folder of the indexes; ``None``: beside each shard, in hidden files. They can be
            deleted, and are made again when a shard has changed.
        strict: ``False``: members without a label, and what a damaged or truncated shard has lost,
            are left out, with one line each in ``refusals``.

    Raises:
        AnnotationError: There is no shard, one cannot be read or is packed, an index cannot be
            written, or a member is refused and ``strict``.
    """

    def __init__(
        self,
        shards: str | Path | Sequence[str | Path],
        labelled: bool = True,
        index_dir: str | Path | None = None,
        strict: bool = True,
    ) -> None:
        self.paths = find_shards(shards)
        self.labelled = labelled
        self.index_dir = None if index_dir is None else Path(index_dir)
        super().__init__(strict)

    def _load(self) -> None:
        self._rows: list[np.memmap] = []
        self._kept: list[np.ndarray | None] = []
        for path in progress(self.paths, "Indexing shards", _FEW):
            rows = shard_index(path, self.index_dir)
            wanted = rows["kind"] != _DAMAGE
            self._refuse(row["name"] for row in rows[~wanted])
            if self.labelled:
                lost = rows["kind"] == 0
                name = printable_path(path)
                self._refuse(
                    f"{name}/{row['name'].decode()}: has no .txt or .json beside it".encode()
                    for row in rows[lost]
                )
                wanted &= ~lost
            self._rows.append(rows)
            self._kept.append(None if wanted.all() else np.flatnonzero(wanted).astype(np.uint32))
        counts = map(self._count, range(len(self.paths)))
        self._ends = np.cumsum(np.fromiter(counts, np.int64, len(self.paths)))
        if not self._ends[-1]:
            raise AnnotationError(f"{printable_path(self.paths[0])}: holds no images")

    def __getstate__(self) -> dict[str, Any]:
        # A pickled memory map would carry its content to every process.
        return {**self.__dict__, "_rows": [rows.filename for rows in self._rows]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        opened = [np.load(file, mmap_mode="r") for file in state["_rows"]]
        self.__dict__.update(state, _rows=opened)

    def _refuse(self, lines: Iterator[bytes]) -> None:
        for line in lines:
            with self._refusing():
                raise AnnotationError(line.decode())

    def _count(self, shard: int) -> int:
        kept = self._kept[shard]
        return len(self._rows[shard] if kept is None else kept)

    def _total(self) -> int:
        return int(self._ends[-1])

    def _read(self, index: int) -> dict[str, Any]:
        shard = int(np.searchsorted(self._ends, index, "right"))
        place = index - (int(self._ends[shard - 1]) if shard else 0)
        kept = self._kept[shard]
        row = self._rows[shard][place if kept is None else kept[place]]
        path = str(self.paths[shard])
        sample = {
            "tar_path": path,
            "key": row["name"].decode(),
            "offset": int(row["offset"]),
            "size": int(row["size"]),
        }
        if not self.labelled:
            return {**sample, "instances": [], "text": None}
        where = f"{printable_path(path)}, label of {sample['key']}"
        data = read_range(path, int(row["label"]), int(row["label_size"]))
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise AnnotationError(f"{where}: not UTF-8") from None
        if row["kind"] == _TEXT:
            return {**sample, "text": text.strip() or None}
        return {**sample, **_label(text, where)}


def _label(text: str, where: str) -> dict[str, Any]:
    record = checked(parse_json(text, where, 1), dict, where)
    if "instances" not in record:
        return {"text": canonical_text(record, where)}
    words = field(record, "instances", list, where)
    return {
        "instances": [
            canonical_instance(word, f"{where}, word {number}")
            for number, word in enumerate(words, start=1)
        ]
    }


def find_shards(shards: str | Path | Sequence[str | Path]) -> list[Path]:
    """The files that :class:`WebDatasetReader` is given, in natural order where they are found.

    Raises:
        AnnotationError: There is none.
    """
    given = [shards] if isinstance(shards, str | Path) else shards
    found: list[Path] = []
    for text in (each for one in given for each in _spelled_out(str(one))):
        path = Path(text)
        if path.is_dir():
            found += sorted(path.rglob("*.tar"), key=natural_key)
        elif glob.has_magic(text) and not path.exists():
            found += sorted(map(Path, glob.glob(text, recursive=True)), key=natural_key)
        else:
            found.append(path)
    if not found:
        raise AnnotationError(f"{', '.join(map(str, given))[:200]}: no shards (.tar files)")
    return found


def is_shards(path: str | Path) -> bool:
    """Whether a path is a shard or a pattern of shards; of a folder, whether it holds any."""
    if not Path(path).is_dir():
        return str(path).endswith(".tar")
    return next(Path(path).rglob("*.tar"), None) is not None


def _spelled_out(text: str) -> Iterator[str]:
    """``a-{00..12}.tar`` as ``a-00.tar`` to ``a-12.tar``."""
    match = _RANGE.search(text)
    if match is None:
        yield text
        return
    first, last = match.groups()
    for number in range(int(first), int(last) + 1):
        rest = text[match.end() :]
        yield from _spelled_out(f"{text[: match.start()]}{number:0{len(first)}d}{rest}")


def read_range(path: str | Path, offset: int, size: int) -> bytes:
    """Bytes of a file.

    Raises:
        AnnotationError: The file cannot be read, or ends before.
    """
    name = printable_path(path)
    # Opened every time: an open file would cross forks with its position, and pickling not.
    with (
        open_regular(path, AnnotationError) as file,
        failures_as(AnnotationError, name, "cannot be read"),
    ):
        file.seek(offset)
        data = file.read(size)
    if len(data) < size:
        raise AnnotationError(f"{name}: has changed, or was cut short, since it was indexed")
    return data


def shard_index(path: Path, index_dir: Path | None = None) -> np.memmap:
    """Where the images of a shard and their labels lie; made and stored, if it is not there.

    Args:
        path: The shard.
        index_dir: Folder of the index; ``None``: that of the shard.

    Returns:
        Memory map of rows of ``offset``, ``size``, ``label``, ``label_size``, ``kind`` (0: no
        label) and ``name``. Rows at its end have the kind of damage, whose line is the name.

    Raises:
        AnnotationError: The shard cannot be read, or the index cannot be written.
    """
    with open_regular(path, AnnotationError) as file:
        found = os.fstat(file.fileno())
    stamp = f"{path.absolute()}|{found.st_size}|{found.st_mtime_ns}|1"
    key = blake2b(stamp.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    folder = path.parent if index_dir is None else index_dir
    index = folder / f".{path.name}.{key}.npy"
    if not index.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Of several ranks one makes it, and the others wait.
            with waiting_lock(folder / ".webdataset.lock"):
                if not index.is_file():
                    write_file(index, _to_bytes(_rows_of(path, found.st_size)))
                    if index_dir is None:
                        _remove_others(index, f".{path.name}.")
        except OSError as error:
            name, reason = printable_path(folder), error.strerror or error
            raise AnnotationError(
                f"{name}: the index cannot be written ({reason}); give index_dir"
            ) from None
    with failures_as(AnnotationError, printable_path(index), "is no index; delete it"):
        return np.load(index, mmap_mode="r")


def _remove_others(index: Path, prefix: str) -> None:
    """Remove what a shard had before it was changed."""
    for each in index.parent.iterdir():
        is_index = each.name.startswith(prefix) and each.suffix == ".npy"
        if is_index and len(each.name) == len(index.name) and each != index:
            each.unlink(missing_ok=True)


def _to_bytes(rows: list[tuple[int, int, int, int, int, bytes]]) -> bytes:
    longest = max((len(row[-1]) for row in rows), default=1)
    kinds = [("offset", "<u8"), ("size", "<u4"), ("label", "<u8"), ("label_size", "<u4")]
    table = np.array(rows, [*kinds, ("kind", "u1"), ("name", f"S{longest}")])
    stream = io.BytesIO()
    np.save(stream, table)
    return stream.getvalue()


def _rows_of(path: Path, size: int) -> list[tuple[int, int, int, int, int, bytes]]:
    """The rows of :func:`shard_index`."""
    shard, rows = printable_path(path), []
    damage: list[str] = []
    group = _Group("")
    for member in tar_members(path, shard, AnnotationError):
        if member.error is not None:
            damage.append(member.error)
            continue
        if member.offset is None:
            raise AnnotationError(f"{shard}: is packed; unpack it to read samples at their places")
        if member.offset + member.size > size:
            damage.append(f"{shard}/{member.name}: is cut short")
            continue
        stem, suffix = os.path.splitext(member.name)
        if not group.takes(stem, suffix):
            rows += group.row()
            group = _Group(stem)
        group.add(member, suffix.lower())
    rows += group.row()
    return rows + [(0, 0, 0, 0, _DAMAGE, line.encode()) for line in damage]


class _Group:
    """Members of one name that stand together."""

    def __init__(self, stem: str) -> None:
        self._stem = stem
        self._image: Member | None = None
        self._labels: dict[int, Member] = {}

    def takes(self, stem: str, suffix: str) -> bool:
        """Whether a member belongs to it; a second one of a kind does not."""
        second = self._image is not None and suffix.lower() in IMAGE_SUFFIXES
        return stem == self._stem and not second and _LABELS.get(suffix.lower()) not in self._labels

    def add(self, member: Member, suffix: str) -> None:
        if suffix in IMAGE_SUFFIXES:
            self._image = member
        elif suffix in _LABELS:
            self._labels[_LABELS[suffix]] = member

    def row(self) -> list[tuple[int, int, int, int, int, bytes]]:
        """Its row, if it has an image."""
        if self._image is None:
            return []
        kind = min(self._labels, default=0)
        label = self._labels.get(kind)
        place = (0, 0) if label is None else (label.offset or 0, label.size)
        image = self._image
        return [(image.offset or 0, image.size, *place, kind, image.name.encode())]
