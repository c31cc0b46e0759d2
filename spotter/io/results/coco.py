"""COCO instances (Lin et al., ECCV 2014) with the text field of COCO-Text (Veit et al., 2016)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from spotter.geometry.polygons import polygon_area
from spotter.io.results.parts import bounds, clean_text, number, readable
from spotter.structures import SpottingResult, TextInstance

_CATEGORY = {"id": 1, "name": "text", "supercategory": "text"}


def to_coco(results: Iterable[SpottingResult]) -> dict[str, Any]:
    """The document ``{"images", "annotations", "categories"}`` of many photos.

    A word has ``segmentation`` (its outline), ``bbox`` (x, y, width, height), ``area`` in square
    pixels, ``utf8_string`` and ``score``. :class:`spotter.data.readers.COCOInstancesReader` reads
    it. Photos that could not be read are left out; a page of a document has its ``page``.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, result in enumerate(readable(results), start=1):
        page = {} if result.page is None else {"page": result.page}
        size = {"width": result.width, "height": result.height}
        images.append({"id": image_id, "file_name": result.image, **size, **page})
        for word in result.instances:
            place = {"id": len(annotations) + 1, "image_id": image_id}
            annotations.append({**place, **_annotation(word)})
    return {"images": images, "categories": [_CATEGORY], "annotations": annotations}


def _annotation(word: TextInstance) -> dict[str, Any]:
    left, top, right, bottom = bounds(word.polygon)
    return {
        "category_id": _CATEGORY["id"],
        "bbox": [number(value) for value in (left, top, right - left, bottom - top)],
        "area": number(polygon_area(word.polygon)),
        "segmentation": [[number(value) for value in np.ravel(word.polygon)]],
        "iscrowd": 0,
        "legibility": "legible",
        "utf8_string": clean_text(word.text),
        "score": round(word.score, 4),
    }
