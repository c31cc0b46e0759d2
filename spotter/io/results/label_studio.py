"""Tasks for Label Studio, with what was read as predictions to correct."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import numpy as np

from spotter.io.results.parts import clean_text, readable
from spotter.io.sources import is_url
from spotter.structures import SpottingResult, TextInstance

LOCAL_FILES = "/data/local-files/?d="


def to_label_studio(
    results: Iterable[SpottingResult],
    image_prefix: str = LOCAL_FILES,
    label: str = "Text",
    reviewed: bool = False,
) -> list[dict[str, Any]]:
    """Tasks to import into a project of Label Studio's template "Optical Character Recognition".

    A word is a polygon (in percent of the photo) with a label and a text area of the same id; the
    names are the template's: ``image``, ``poly``, ``label``, ``transcription``.
    :class:`spotter.data.readers.LabelStudioReader` reads the export of the corrected project, and
    these tasks themselves with ``predictions=True``.

    Args:
        results: Of photos; those that could not be read, and pages of documents without a picture
            of their own, are best left out: the former are.
        image_prefix: What is put before the quoted names of files, such as the server's address;
            default: files that the server finds on its disk. Names that are addresses stay.
        label: Label of all words.
        reviewed: Write annotations, as if somebody had confirmed them, instead of predictions.
    """
    return [
        _task(number, result, image_prefix, label, reviewed)
        for number, result in enumerate(readable(results), start=1)
    ]


def _task(
    number: int, result: SpottingResult, prefix: str, label: str, reviewed: bool
) -> dict[str, Any]:
    regions = [
        part
        for index, word in enumerate(result.instances)
        for part in _region(f"{number}-{index + 1}", word, result, label)
    ]
    name = result.image
    address = name if is_url(name) else prefix + quote(name)
    done: dict[str, Any] = {"result": regions}
    if reviewed:
        return {"data": {"image": address}, "annotations": [done]}
    scores = [word.score for word in result.instances]
    done = {"model_version": "spotter", "score": round(float(np.mean(scores or 0)), 4), **done}
    return {"data": {"image": address}, "predictions": [done]}


def _region(
    key: str, word: TextInstance, result: SpottingResult, label: str
) -> list[dict[str, Any]]:
    size = np.array([max(result.width, 1), max(result.height, 1)], np.float64)
    percent = word.polygon.astype(np.float64) / size * 100
    outline = {"points": [[round(x, 4), round(y, 4)] for x, y in percent.tolist()], "closed": True}
    common = {
        "id": key,
        "to_name": "image",
        "original_width": result.width,
        "original_height": result.height,
        "image_rotation": 0,
    }
    text = {"text": [clean_text(word.text)]}
    return [
        {**common, "from_name": "poly", "type": "polygon", "value": outline},
        {**common, "from_name": "label", "type": "labels", "value": {**outline, "labels": [label]}},
        {
            **common,
            "from_name": "transcription",
            "type": "textarea",
            "value": {**outline, **text},
            "score": round(word.score, 4),
        },
    ]
