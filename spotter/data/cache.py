"""Decoded images in one uncompressed file on disk, which the operating system keeps in memory."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from mmengine.logging import print_log
from rich.progress import track

from spotter.data.transforms.loading import load_pixels, place_of
from spotter.errors import ConfigError, ImageError
from spotter.geometry import crop_polygon
from spotter.io.locks import waiting_lock
from spotter.runtime.input_size import resize_image


class SampleList(Protocol):
    """What the cache needs of a list of canonical samples."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int, /) -> dict[str, Any]: ...


_ROW = 3 * np.dtype(np.int64).itemsize

_SAMPLED = 64
"""Images after which, and after each as many more, the size of the whole cache is told."""

_SPARE = 1 << 30
"""Bytes of the disk that a cache leaves free, for weights and logs."""


class CachedImages:
    """Images of a list of samples as read-only uint8 BGR arrays over a memory map.

    The first use decodes every image once into ``<key>.bin`` (pixels) and ``<key>.idx`` (offset,
    height and width of each). The key depends on the samples' names, the size options, and sizes
    and dates of the image files, so another list, or files that were replaced, make another cache.
    An interrupted build goes on where it stopped; of several processes one builds and the others
    wait.

    Args:
        samples: Canonical samples, of which the place of the image, ``resize_to`` and ``polygon``
            are used.
        cache_dir: Folder for the cache, made if missing.
        max_height: Images taller than this are shrunk to it, with their proportions. Not for photos
            with polygons, which would not follow.
        progress: Show a progress bar while building.
        skip_unreadable: Go on where an image cannot be read, with a line in the log;
            :class:`ImageError` is raised when it is asked for.
        threads: Threads that decode while building; words of photos are cut by one, which keeps
            the last photo decoded.

    Raises:
        ImageError: An image cannot be read, without ``skip_unreadable``; what was decoded before
            stays.
        ConfigError: The disk of ``cache_dir`` is too small for all images.
    """

    def __init__(
        self,
        samples: SampleList,
        cache_dir: str | Path,
        max_height: int | None = None,
        progress: bool = True,
        skip_unreadable: bool = False,
        threads: int = 1,
    ) -> None:
        self.max_height = max_height
        self.skip_unreadable = skip_unreadable
        self.threads = threads
        folder = Path(cache_dir)
        folder.mkdir(parents=True, exist_ok=True)
        key = cache_key(samples, max_height)
        self.data_path, self.index_path = folder / f"{key}.bin", folder / f"{key}.idx"
        self._pixels: np.memmap | None = None
        self._photo: tuple[dict[str, Any], np.ndarray] | None = None
        self._index = self._complete_index(len(samples))
        if self._index is None:
            with waiting_lock(folder / f"{key}.lock"):
                self._build(samples, progress)
            self._photo = None
            self._index = self._complete_index(len(samples))

    def __len__(self) -> int:
        assert self._index is not None
        return len(self._index)

    def __getitem__(self, position: int) -> np.ndarray:
        """(H, W, 3) uint8 BGR, read-only: a transform that writes must copy."""
        assert self._index is not None
        if self._pixels is None:
            self._pixels = np.memmap(self.data_path, np.uint8, mode="r")
        offset, height, width = (int(value) for value in self._index[position])
        if not height:
            raise ImageError(f"{self.index_path}: image {position} could not be read when cached")
        flat = self._pixels[offset : offset + height * width * 3]
        return np.asarray(flat).reshape(height, width, 3)

    @property
    def unreadable(self) -> int:
        """How many of the images could not be read."""
        assert self._index is not None
        return int((self._index[:, 1] == 0).sum())

    def size(self, position: int) -> tuple[int, int]:
        """Width and height of an image in pixels; (0, 0) of one that could not be read."""
        assert self._index is not None
        _, height, width = (int(value) for value in self._index[position])
        return width, height

    def __getstate__(self) -> dict[str, Any]:
        # A pickled memory map would carry its contents to every worker.
        return {**self.__dict__, "_pixels": None}

    def _complete_index(self, total: int) -> np.ndarray | None:
        index = self._read_index()
        return index if len(index) == total else None

    def _read_index(self) -> np.ndarray:
        if not self.index_path.exists():
            return np.empty((0, 3), np.int64)
        data = self.index_path.read_bytes()
        return np.frombuffer(data[: len(data) // _ROW * _ROW], np.int64).reshape(-1, 3)

    def _build(self, samples: SampleList, progress: bool) -> None:
        index = self._read_index()
        stored = self.data_path.stat().st_size if self.data_path.exists() else 0
        ends = index[:, 0] + index[:, 1] * index[:, 2] * 3
        index = index[ends <= stored]
        offset = int(ends[len(index) - 1]) if len(index) else 0
        with (
            _open_at(self.data_path, offset) as data,
            _open_at(self.index_path, len(index) * _ROW) as rows,
        ):
            remaining = range(len(index), len(samples))
            images = self._decoded(samples, remaining)
            total, before = len(remaining), offset
            bar = track(images, "Decoding images", total=total, disable=not progress)
            for done, image in enumerate(bar, start=1):
                data.write(np.ascontiguousarray(image).data)
                # Pixels reach the file before the row that promises them.
                data.flush()
                rows.write(np.array([offset, *image.shape[:2]], np.int64).tobytes())
                rows.flush()
                offset += image.nbytes
                if done % _SAMPLED == 0:
                    self._check_room((offset - before) / done * (total - done))

    def _check_room(self, missing: float) -> None:
        """Stop while the disk has room, not when it is full and nothing else can be written."""
        free = shutil.disk_usage(self.data_path.parent).free
        if missing + _SPARE > free:
            raise ConfigError(
                f"{self.data_path.parent}: the cache of decoded images needs about"
                f" {missing / 1e9:.1f} GB more and {free / 1e9:.1f} GB are free; delete old caches,"
                " or set cache_dir to another disk or to None"
            )

    def _load_or_skip(self, sample: dict[str, Any]) -> np.ndarray:
        """The image; without any rows if it cannot be read and that is no reason to stop."""
        try:
            return self._load(sample)
        except ImageError as error:
            if not self.skip_unreadable:
                raise
            print_log(f"skipped: {error}", "current", logging.WARNING)
            return np.empty((0, 0, 3), np.uint8)

    def _decoded(self, samples: SampleList, positions: range) -> Iterator[np.ndarray]:
        """The images at ``positions``, in order, a few of them ahead of their use."""
        if self.threads <= 1 or not positions or "polygon" in samples[positions[0]]:
            yield from (self._load_or_skip(samples[position]) for position in positions)
            return
        ahead = 4 * self.threads
        with ThreadPoolExecutor(self.threads) as pool:
            for start in range(0, len(positions), ahead):
                chunk = [samples[position] for position in positions[start : start + ahead]]
                yield from pool.map(self._load_or_skip, chunk)

    def _load(self, sample: dict[str, Any]) -> np.ndarray:
        image = self._cut(sample) if "polygon" in sample else load_pixels(sample)
        height, width = image.shape[:2]
        if self.max_height is not None and height > self.max_height:
            image = resize_image(
                image, max(1, round(width * self.max_height / height)), self.max_height
            )
        return image

    def _cut(self, sample: dict[str, Any]) -> np.ndarray:
        """A word of a photo; words come photo by photo, so the last photo is kept decoded."""
        source = {key: value for key, value in sample.items() if key != "polygon"}
        if self._photo is None or self._photo[0] != source:
            self._photo = (source, load_pixels(source))
        return crop_polygon(self._photo[1], sample["polygon"])


def cache_key(samples: SampleList, max_height: int | None = None) -> str:
    """Name of the cache of a list of samples: a digest of what they name and of the sizes.

    A file that was replaced has another size or date, so its old pixels are not used again; a file
    that is missing counts as it is named.
    """
    digest = hashlib.sha256(f"{max_height}".encode())
    # Words come photo by photo.
    stamp = functools.lru_cache(_file_stamp)
    for position in range(len(samples)):
        sample = samples[position]
        name = os.path.abspath(place_of(sample))
        digest.update(f"\n{name}|{sample.get('resize_to')}".encode())
        digest.update(stamp(_file_of(sample)).encode())
        if "polygon" in sample:
            digest.update(np.asarray(sample["polygon"], np.float32).tobytes())
    return digest.hexdigest()[:20]


def _file_of(sample: dict[str, Any]) -> str:
    """The file that an image is in."""
    if "lmdb_path" in sample:
        return os.path.join(sample["lmdb_path"], "data.mdb")
    return sample.get("tar_path") or sample["img_path"]


def _file_stamp(path: str) -> str:
    """Size and date of a file."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_size}|{found.st_mtime_ns}"


@contextlib.contextmanager
def _open_at(path: Path, size: int) -> Iterator[BinaryIO]:
    """A file cut to ``size`` bytes and open for appending."""
    with open(path, "ab") as file:
        file.truncate(size)
        yield file
