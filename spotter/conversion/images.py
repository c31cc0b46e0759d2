"""Where the images of a converted set lie, and how they get there."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from spotter.data.readers.base import ARCHIVE_KEYS
from spotter.data.transforms.loading import (
    archived_bytes,
    archived_size,
    is_archived,
    load_pixels,
)
from spotter.errors import ConfigError
from spotter.geometry import crop_polygon
from spotter.io.images import encode_jpeg, image_size, read_image

ImageMode = Literal["keep", "copy", "link"]

_FOLDER = "images"
_JPEG_QUALITY = 95
_SUFFIX_OF_FORMAT = {"JPEG": ".jpg", "TIFF": ".tif"}


@dataclass(frozen=True)
class PlacedImage:
    """An image of the converted set.

    Attributes:
        path: Relative to the set's folder, with ``/``.
        width: Pixels of the upright image.
        height: Pixels of the upright image.
    """

    path: str
    width: int
    height: int


class ImageStore:
    """Brings the images of samples to the converted set.

    Images that exist as files are kept where they are, copied or linked, by ``mode``. Words that
    are cut out of photos, and images from archives, become files in any mode. What is there already
    is not written again, so that an interrupted conversion goes on quickly.

    Args:
        root: Folder of the converted set.
        mode: ``"keep"``: annotations name the file at its old place, relative to ``root``;
            ``"copy"``: files are copied below ``root/images``; ``"link"``: symbolic links there.
        source: Folder below which the old files lie; their place in it is kept.
        flat: No folders below ``images``: their names become part of the file name.
    """

    def __init__(
        self, root: Path, mode: ImageMode = "keep", source: Path | None = None, flat: bool = False
    ) -> None:
        self.root = root
        self.mode = mode
        self.source = source
        self.flat = flat

    def place(self, sample: dict[str, Any], index: int) -> PlacedImage:
        """The image of a canonical sample as a file.

        Args:
            sample: See :mod:`spotter.data.readers`.
            index: Number of the sample, after which images that had no file are named.

        Raises:
            ImageError: The image cannot be read.
        """
        if "img_path" not in sample or "polygon" in sample:
            data = self.encoded(sample)
            target = self.root / _FOLDER / f"word_{index + 1}{_suffix(data)}"
            _write_once(target, lambda part: part.write_bytes(data))
            return self._placed(target, image_size(data))
        path = Path(sample["img_path"])
        size = image_size(path)
        if self.mode == "keep":
            return self._placed(path, size)
        target = self.root / _FOLDER / self._name(path)
        if self.mode == "copy":
            _write_once(target, lambda part: shutil.copyfile(path, part))
        elif not target.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path.resolve())
        return self._placed(target, size)

    def encoded(self, sample: dict[str, Any]) -> bytes:
        """The image of a canonical sample as the bytes of an image file; files are not recoded.

        Raises:
            ImageError: The image cannot be read.
        """
        if "polygon" in sample:
            return encode_jpeg(
                crop_polygon(_photo(_photo_key(sample)), sample["polygon"]), _JPEG_QUALITY
            )
        if "img_path" in sample:
            image_size(sample["img_path"])
            return Path(sample["img_path"]).read_bytes()
        if is_archived(sample):
            archived_size(sample)
            return archived_bytes(sample)
        return encode_jpeg(read_image(sample["img"]), _JPEG_QUALITY)

    def _placed(self, path: Path, size: tuple[int, int]) -> PlacedImage:
        try:
            relative = os.path.relpath(path, self.root)
        except ValueError:
            # Windows knows no relative path between drives.
            relative = str(path.resolve())
        return PlacedImage(Path(relative).as_posix(), *size)

    def _name(self, path: Path) -> Path:
        """Path below the images' folder."""
        relative = Path(path.name)
        if self.source is not None and path.is_relative_to(self.source):
            relative = path.relative_to(self.source)
            if relative.parts[0] == _FOLDER and len(relative.parts) > 1:
                relative = relative.relative_to(_FOLDER)
        return Path("_".join(relative.parts)) if self.flat else relative


def in_stored_pixels(sample: dict[str, Any], size: tuple[int, int]) -> list[dict[str, Any]]:
    """Instances of a detection sample in pixels of the stored photo, whatever it is resized to.

    Args:
        sample: Canonical sample, perhaps with ``resize_to``, in whose frame its polygons are.
        size: (width, height) of the stored photo.
    """
    if "resize_to" not in sample:
        return sample["instances"]
    factors = np.array(size, np.float64) / np.array(sample["resize_to"], np.float64)
    return [
        {**word, "polygon": (word["polygon"] * factors).astype(np.float32)}
        for word in sample["instances"]
    ]


def _photo_key(sample: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    keys = ("img_path", *ARCHIVE_KEYS)
    place = [(key, sample[key]) for key in keys if key in sample]
    resize_to = [("resize_to", tuple(sample["resize_to"]))] if "resize_to" in sample else []
    return (*place, *resize_to)


# The words of a photo follow each other: it is decoded once for all of them.
@lru_cache(maxsize=1)
def _photo(key: tuple[tuple[str, Any], ...]) -> np.ndarray:
    return load_pixels(dict(key))


def _suffix(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        name = image.format or "PNG"
    return _SUFFIX_OF_FORMAT.get(name, f".{name.lower()}")


def _write_once(target: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name first, so that it is complete or missing."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        write(part)
        os.replace(part, target)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written ({error.strerror})") from None
