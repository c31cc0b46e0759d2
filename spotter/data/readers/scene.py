"""The base of readers of labelled photos: polygon convention, search for photos, stored samples."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from spotter.data.readers.base import Reader, list_images, natural_key
from spotter.errors import AnnotationError, GeometryError
from spotter.geometry import MAX_COORDINATE, as_polygon, is_clockwise, order_polygon

_LONGEST_STEM = 256


class SceneReader(Reader):
    """Photos whose annotation is small enough to be parsed whole, at once.

    A subclass says how many photos there are (:meth:`_total`) and parses one (:meth:`_parse`).
    A photo that is refused is no sample.

    Args:
        strict: See :class:`Reader`.
    """

    def __init__(
        self,
        strict: bool = True,
    ) -> None:
        super().__init__(strict)
        self._samples: list[dict[str, Any]] = []
        for index in range(self._size):
            with self._refusing():
                self._samples.append(self._parse(index))
        self._size = len(self._samples)

    @abstractmethod
    def _parse(self, index: int) -> dict[str, Any]:
        """The canonical sample of one photo.

        Raises:
            AnnotationError: The photo as a whole is refused. A single word is refused by parsing
                it under :meth:`_refusing`.
        """

    def _read(self, index: int) -> dict[str, Any]:
        return own_copy(self._samples[index])


class LabelFolderReader(SceneReader):
    """Photos with a label file each, named ``<prefix><stem><suffix>`` after the photo's stem.

    Samples come in natural order of the label files' names (``gt_img_2`` before ``gt_img_10``).
    An empty file is a photo without words; a photo without a file is no sample. A subclass reads
    one file (:meth:`_instances`), and says with ``default_prefix`` and ``suffix`` how its benchmark
    names the files.

    Args:
        annotation_root: Folder of the label files.
        image_root: Folder of ``<stem>.<any image suffix>``; ``None``: the label files' own.
        prefix: What a label file's name has before the photo's stem; ``None``: the benchmark's.
        strict: See :class:`Reader`.

    Raises:
        AnnotationError: A folder is missing or holds no label files.
    """

    default_prefix = ""
    suffix = ".txt"

    def __init__(
        self,
        annotation_root: str | Path,
        image_root: str | Path | None = None,
        prefix: str | None = None,
        strict: bool = True,
    ) -> None:
        self.annotation_root = Path(annotation_root)
        self.image_root = self.annotation_root if image_root is None else Path(image_root)
        self.prefix = self.default_prefix if prefix is None else prefix
        super().__init__(strict)

    def _load(self) -> None:
        self._files = label_files(self.annotation_root, self.prefix, self.suffix)
        self._photos = PhotoFolder(self.image_root)

    def _total(self) -> int:
        return len(self._files)

    def _parse(self, index: int) -> dict[str, Any]:
        file = self._files[index]
        photo = self._photos.find(file.name[len(self.prefix) : -len(self.suffix)], file)
        return {"img_path": str(photo), "instances": self._instances(file)}

    @abstractmethod
    def _instances(self, file: Path) -> list[dict[str, Any]]:
        """The canonical instances of one label file."""


class LabelLinesReader(LabelFolderReader):
    """A label file per photo of which every line is a word (:meth:`_instance`).

    Arguments are those of :class:`LabelFolderReader`.
    """

    def _instances(self, file: Path) -> list[dict[str, Any]]:
        instances = []
        for number, line in self._lines(file):
            with self._refusing():
                instances.append(self._instance(line, f"{file}:{number}"))
        return instances

    @abstractmethod
    def _instance(self, line: str, where: str) -> dict[str, Any]:
        """The canonical instance of one line.

        Args:
            line: The line, not blank.
            where: File and line, for error messages.

        Raises:
            AnnotationError: The line is malformed.
        """


def malformed(where: str, expected: str, line: str) -> AnnotationError:
    """What to raise for a line of another form than expected."""
    return AnnotationError(f"{where}: expected {expected}, found {line[:60]!r}")


class PhotoFolder:
    """The photos of a folder, found by their stem.

    Raises:
        AnnotationError: The folder does not exist.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        images = list_images(self.root)
        self._photos = {path.stem: path for path in images}
        # CTW1500's labels 0001001.txt belong to 1001.jpg.
        self._numbered = {int(path.stem): path for path in images if path.stem.isdecimal()}

    def find(self, stem: str, where: str | Path) -> Path:
        """The photo of that stem, or with the same number if both stems are numbers.

        Args:
            stem: The photo's file name without its suffix.
            where: What refers to the photo, for the error message.

        Raises:
            AnnotationError: There is none.
        """
        photo = self._photos.get(stem)
        if photo is None and stem.isdecimal() and len(stem) < _LONGEST_STEM:
            photo = self._numbered.get(int(stem))
        if photo is None:
            raise AnnotationError(f"{where}: no photo {stem}.* in {self.root}")
        return photo


def label_files(root: Path, prefix: str, suffix: str) -> list[Path]:
    """Files ``<prefix>*<suffix>`` of a folder in natural order of their names.

    Raises:
        AnnotationError: ``root`` is no folder, or holds none.
    """
    if not root.is_dir():
        raise AnnotationError(f"{root}: no such folder")
    found = [
        path
        for path in root.iterdir()
        # Archives packed on a Mac hold a hidden double of every file.
        if path.name.startswith(prefix) and path.name.endswith(suffix) and path.name[0] != "."
    ]
    if not found:
        raise AnnotationError(f"{root}: holds no {prefix}*{suffix}")
    return sorted(found, key=natural_key)


def own_copy(value: Any) -> Any:
    """A copy of a stored sample which shares no array, list or dict with it."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, Mapping):
        return {key: own_copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [own_copy(item) for item in value]
    return value


def is_photo(path: str | Path) -> bool:
    """Whether there is such a file; false for names that no file can have."""
    return os.path.isfile(path)


def split_ignored(text: str, marks: tuple[str, ...] = ("###",)) -> tuple[str | None, bool]:
    """Text and ``ignore`` of a transcription: a mark is an illegible word, an empty text an unknown
    one.

    Args:
        text: The transcription as it stands in the file.
        marks: What stands for an illegible word, which is ignored.
    """
    text = text.strip()
    ignore = text in marks
    return (None if ignore or not text else text), ignore


def finite_numbers(fields: Sequence[str]) -> list[float] | None:
    """The fields as numbers; ``None`` when one of them is no number of at most 10,000,000.

    ``1_000`` is none, though Python takes it for one; neither is what is not finite.
    """
    try:
        numbers = [float(field) for field in fields if "_" not in field]
    except ValueError:
        return None
    # Not a number is never at most anything.
    fit = len(numbers) == len(fields) and all(abs(each) <= MAX_COORDINATE for each in numbers)
    return numbers if fit else None


def box_polygon(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """Corners (4, 2) float32 of an upright box, clockwise from its top left."""
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return np.array(corners, np.float32)


def canonical_polygon(points: Any, where: str) -> np.ndarray:
    """An annotated outline as the toolkit keeps it: see :func:`clockwise_polygon`.

    Vertices that repeat a neighbour are dropped; a quadrilateral keeps them, because a triangle
    given as four corners (ICDAR 2015 has one) is a region to be matched or ignored like any other.

    Args:
        points: (N, 2) vertices, or a flat list ``x1, y1, x2, y2, ...``.
        where: File and line, for the error message.

    Returns:
        (M, 2) float32, 4 <= M <= N.

    Raises:
        AnnotationError: Fewer than four vertices are left, they span no area, or values are not
            finite.
    """
    try:
        polygon = as_polygon(points, min_points=4)
    except GeometryError as error:
        raise AnnotationError(f"{where}: {_reason(error)}") from None
    if len(polygon) > 4:
        polygon = polygon[(polygon != np.roll(polygon, -1, axis=0)).any(axis=1)]
        if len(polygon) < 4:
            count = len(polygon)
            raise AnnotationError(f"{where}: a polygon needs at least 4 points, got {count}")
    return clockwise_polygon(polygon)


def clockwise_polygon(polygon: np.ndarray) -> np.ndarray:
    """Vertices (N, 2) clockwise from the first character's top left, N >= 4.

    A clockwise outline stays as it is: the annotator knew where the word starts. Counter-clockwise,
    it is turned round so that it starts at its own first vertex when that is an end of a long side
    of the word, at its last vertex when the annotator went along the bottom first, and otherwise
    where :func:`spotter.geometry.order_polygon` lets it start.
    """
    # The sign of a crossing outline's area says nothing about its direction.
    if is_clockwise(polygon) or not shapely.is_simple(shapely.linearrings(polygon)):
        return polygon
    by_shape = order_polygon(polygon)
    # Either end of the word may be its start: words hang upside down, too.
    starts = by_shape[[0, len(by_shape) // 2]]
    turned = np.ascontiguousarray(polygon[::-1])
    same_start = np.roll(turned, 1, axis=0)
    for ring in (same_start, turned):
        if (ring[0] == starts).all(axis=1).any():
            return ring
    # A dart's corners sorted by angle would be another quadrilateral.
    return by_shape if len(by_shape) > 4 else same_start


def _reason(error: GeometryError) -> str:
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]
