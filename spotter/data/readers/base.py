"""What all readers share: a lazily read sequence of samples."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spotter.errors import AnnotationError, ImageError, SpotterError
from spotter.io.bounded import MEBI, read_file
from spotter.io.images import IMAGE_SUFFIXES
from spotter.io.names import one_line, printable_path
from spotter.registry import READERS

MAX_BYTES = 4096 * MEBI
"""Of an annotation file, and of what one that is packed unpacks to."""

ARCHIVE_KEYS = ("lmdb_path", "tar_path", "key", "offset", "size")
"""What a canonical sample says of an image in an archive."""

_LONGEST_NUMBER = 300
_HINT = "; strict=False leaves such entries out"


def built_reader(reader: Iterable[Mapping[str, Any]] | Mapping[str, Any]) -> Any:
    """A reader as it is given, or the one that a config describes."""
    return READERS.build(reader) if isinstance(reader, Mapping) else reader


class Reader(ABC):
    """A sequence of canonical samples.

    A subclass sets its own attributes, then calls this constructor, which calls :meth:`_load` and
    :meth:`_total`. What reads an entry of the annotation (a line, an element, a photo's file) does
    so under :meth:`_refusing`, so that ``strict`` means the same everywhere.

    Args:
        strict: ``False``: an entry that is malformed, or whose photo is missing, is left out and
            noted in ``refusals``, instead of ending the reading.

    Attributes:
        refusals: One line per entry that was left out, ``"file:line: reason"``.

    Raises:
        AnnotationError: An entry is refused and ``strict``. Whatever else the reading of a damaged
            file raises becomes one, too.
    """

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict
        self.refusals: list[str] = []
        with self._failing():
            self._load()
            self._size = self._total()

    def _load(self) -> None:  # noqa: B027
        """Read what :meth:`_total` needs; a reader with nothing to read leaves it out."""

    @abstractmethod
    def _total(self) -> int:
        """Number of samples of the whole annotation."""

    @abstractmethod
    def _read(self, index: int) -> dict[str, Any]:
        """A fresh sample, which the caller may modify."""

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Context around the reading of one entry: its error is raised, or noted when not
        ``strict``.
        """
        try:
            with self._failing():
                yield
        except (AnnotationError, ImageError) as error:
            if not self.strict:
                self.refusals.append(str(error))
            elif str(error).endswith(_HINT):
                raise
            else:
                raise AnnotationError(f"{error}{_HINT}") from None

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Context around the parsing of a file: whatever it raises becomes an error of the file."""
        try:
            yield
        except (SpotterError, ImportError):
            raise
        except Exception as error:
            name = printable_path(getattr(self, "file", None) or type(self).__name__)
            reason = f"{type(error).__name__}: {one_line(error, 120)}"
            raise AnnotationError(f"{name}: is not of this layout ({reason})") from error

    def _lines(self, path: Path) -> Iterator[tuple[int, str]]:
        """As :func:`read_lines`, but a line that is not UTF-8 is refused alone."""
        for number, raw in _raw_lines(path):
            line = None
            with self._refusing():
                line = decode_line(raw, path, number)
            if line is not None:
                yield number, line

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> dict[str, Any]:
        position = range(self._size)[index]
        with self._failing():
            return self._read(position)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))


class FileReader(Reader):
    """A reader of one annotation file, which names images below a folder.

    Args:
        annotation_file: The file.
        image_root: Folder that the file's image names start from; ``None``: the file's own, or
            ``default_images`` in it.
        strict: See :class:`Reader`.

    Attributes:
        default_images: Path of the images' folder from the file's own.
    """

    default_images = ""

    def __init__(
        self,
        annotation_file: str | Path,
        image_root: str | Path | None = None,
        strict: bool = True,
    ) -> None:
        self.file = Path(annotation_file)
        beside = self.file.parent / self.default_images
        self.image_root = beside if image_root is None else Path(image_root)
        super().__init__(strict)


def natural_key(path: str | Path) -> list[tuple[int, int | str]]:
    """Sort key under which ``img_2`` comes before ``img_10``."""
    parts = re.split(r"(\d+)", str(path))
    return [(0, int(part)) if _is_number(part) else (1, part) for part in parts if part]


def _is_number(text: str) -> bool:
    # Python refuses to convert thousands of digits, which a file name may hold.
    return text.isdecimal() and len(text) <= _LONGEST_NUMBER


def list_images(root: Path, recursive: bool = False) -> list[Path]:
    """Image files of a folder in natural order.

    Raises:
        AnnotationError: ``root`` is no folder.
    """
    if not root.is_dir():
        raise AnnotationError(f"{root}: no such folder")
    found = root.rglob("*") if recursive else root.iterdir()
    return sorted((p for p in found if p.suffix.lower() in IMAGE_SUFFIXES), key=natural_key)


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Numbered lines of a UTF-8 text file (a byte order mark is dropped), without the blank ones.

    Raises:
        AnnotationError: The file does not exist or is not UTF-8.
    """
    return [(number, decode_line(raw, path, number)) for number, raw in _raw_lines(path)]


def read_bytes(path: Path) -> bytes:
    """Contents of an annotation file, at most :data:`MAX_BYTES`.

    Raises:
        AnnotationError: The file cannot be read, or is none (such as a pipe, which would be waited
            for).
    """
    return read_file(path, AnnotationError, MAX_BYTES)


def _raw_lines(path: Path) -> list[tuple[int, bytes]]:
    # Only line feeds end a line: str.splitlines would also cut at U+2028 inside a word.
    lines = read_bytes(path).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def decode_line(raw: bytes, path: Path, number: int) -> str:
    """A line without what ends it.

    Raises:
        AnnotationError: It is not UTF-8.
    """
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        hint = "if it is Latin-1 or GBK, save the file as UTF-8"
        raise AnnotationError(f"{path}:{number}: not UTF-8 ({hint})") from None
