"""The start of every pipeline: pixels for a canonical sample."""

from __future__ import annotations

from typing import Any

from spotter.data.readers.lmdb import read_lmdb_value
from spotter.data.transforms.base import BaseTransform
from spotter.errors import ImageError
from spotter.geometry import crop_polygon
from spotter.io.images import read_image
from spotter.registry import TRANSFORMS
from spotter.runtime.input_size import resize_image


def load_pixels(results: dict[str, Any]) -> Any:
    """The image of a canonical sample as uint8 BGR, resized to ``resize_to`` when that is asked.

    The sample gives ``img`` (final pixels, for instance from a cache), ``img_path``, or
    ``lmdb_path`` and ``key``. A ``polygon`` beside them, in the resized frame, is cut out.

    Raises:
        ImageError: The image cannot be read, or the sample names none.
    """
    if results.get("img") is not None:
        return results["img"]
    if "img_path" in results:
        image = read_image(results["img_path"])
    elif "lmdb_path" in results:
        try:
            image = read_image(read_lmdb_value(results["lmdb_path"], results["key"]))
        except ImageError as error:
            raise ImageError(f"{results['lmdb_path']}:{results['key']}: {error}") from None
    else:
        raise ImageError("the sample has neither img, img_path nor lmdb_path")
    if "resize_to" in results:
        image = resize_image(image, *results["resize_to"])
    if "polygon" in results:
        image = crop_polygon(image, results["polygon"])
    return image


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Load a photo for detection.

    Reads ``img_path`` (or takes ``img``); a reader's ``resize_to`` is applied, in whose frame its
    polygons are given already. Sets ``img``, ``img_shape`` and ``ori_shape`` (height, width) and
    ``scale_factor`` (x, y).

    Raises:
        ImageError: The photo cannot be read.
    """

    def transform(self, results: dict) -> dict:
        results["img"] = load_pixels(results)
        results["img_shape"] = results["ori_shape"] = results["img"].shape[:2]
        results["scale_factor"] = (1.0, 1.0)
        return results


@TRANSFORMS.register_module()
class LoadCrop(BaseTransform):
    """Load a word crop for recognition: from an array, a file or an LMDB.

    Sets ``img``, ``img_shape`` and ``ori_shape`` (height, width), and ``img_path`` of crops from an
    LMDB to ``lmdb:key``.

    Raises:
        ImageError: The crop cannot be read.
    """

    def transform(self, results: dict) -> dict:
        results["img"] = load_pixels(results)
        results["img_shape"] = results["ori_shape"] = results["img"].shape[:2]
        if "lmdb_path" in results:
            results["img_path"] = f"{results['lmdb_path']}:{results['key']}"
        return results
