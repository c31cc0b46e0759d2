"""The start of every pipeline: pixels for a canonical sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from spotter.data.readers.lmdb import read_lmdb_value
from spotter.data.readers.webdataset import read_range
from spotter.data.transforms.base import BaseTransform
from spotter.errors import ImageError
from spotter.geometry import crop_polygon
from spotter.io.images import image_size, read_image
from spotter.registry import TRANSFORMS
from spotter.runtime.input_size import resize_image


def is_archived(sample: Mapping[str, Any]) -> bool:
    """Whether the image of a canonical sample stands in an LMDB or a tar archive."""
    return "lmdb_path" in sample or "tar_path" in sample


def place_of(sample: Mapping[str, Any]) -> str:
    """Where the image of a canonical sample is: a path, ``LMDB:KEY`` or ``TAR/MEMBER``."""
    if "lmdb_path" in sample:
        return f"{sample['lmdb_path']}:{sample['key']}"
    if "tar_path" in sample:
        return f"{sample['tar_path']}/{sample['key']}"
    return str(sample.get("img_path", ""))


def archived_bytes(sample: Mapping[str, Any]) -> bytes:
    """The encoded image of a canonical sample that stands in an archive.

    Raises:
        AnnotationError: The archive is missing or damaged, or lacks the image.
    """
    if "tar_path" in sample:
        return read_range(sample["tar_path"], sample["offset"], sample["size"])
    return read_lmdb_value(sample["lmdb_path"], sample["key"])


def archived_size(sample: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height of such an image, without decoding it.

    Raises:
        ImageError: It is none.
        AnnotationError: See :func:`archived_bytes`.
    """
    with _named(sample):
        return image_size(archived_bytes(sample))


@contextmanager
def _named(sample: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{place_of(sample)}: {error}") from None


def load_pixels(results: Mapping[str, Any]) -> Any:
    """The image of a canonical sample as uint8 BGR, resized to ``resize_to`` when that is asked.

    The sample gives ``img`` (final pixels, for instance from a cache), ``img_path``, ``lmdb_path``
    and ``key``, or ``tar_path``, ``key``, ``offset`` and ``size``. A ``polygon`` beside them, in
    the resized frame, is cut out.

    Raises:
        ImageError: The image cannot be read, or the sample names none.
    """
    if results.get("img") is not None:
        return results["img"]
    if "img_path" in results:
        image = read_image(results["img_path"])
    elif is_archived(results):
        with _named(results):
            image = read_image(archived_bytes(results))
    else:
        raise ImageError("the sample has neither img, img_path, lmdb_path nor tar_path")
    if "resize_to" in results:
        image = resize_image(image, *results["resize_to"])
    if "polygon" in results:
        image = crop_polygon(image, results["polygon"])
    return image


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Load a photo for detection.

    Reads ``img_path`` or from an archive (or takes ``img``); a reader's ``resize_to`` is applied,
    in whose frame its polygons are given already. Sets ``img``, ``img_shape`` and ``ori_shape``
    (height, width), ``scale_factor`` (x, y), and ``img_path`` of photos from archives to
    :func:`place_of`.

    Raises:
        ImageError: The photo cannot be read.
    """

    def transform(self, results: dict) -> dict:
        results["img"] = load_pixels(results)
        results["img_shape"] = results["ori_shape"] = results["img"].shape[:2]
        results["scale_factor"] = (1.0, 1.0)
        if is_archived(results):
            results["img_path"] = place_of(results)
        return results


@TRANSFORMS.register_module()
class LoadCrop(BaseTransform):
    """Load a word crop for recognition: from an array, a file or an archive.

    Sets ``img``, ``img_shape`` and ``ori_shape`` (height, width), and ``img_path`` of crops from
    archives to :func:`place_of`.

    Raises:
        ImageError: The crop cannot be read.
    """

    def transform(self, results: dict) -> dict:
        results["img"] = load_pixels(results)
        results["img_shape"] = results["ori_shape"] = results["img"].shape[:2]
        if is_archived(results):
            results["img_path"] = place_of(results)
        return results
