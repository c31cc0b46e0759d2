"""The label file of PaddleOCR's detector and of PPOCRLabel."""

from __future__ import annotations

import json
from collections.abc import Iterable

from spotter.io.results.parts import clean_name, clean_text, points, readable
from spotter.structures import SpottingResult


def to_paddle(results: Iterable[SpottingResult]) -> str:
    """``Label.txt``: a line for each photo, its name, a tab, and a JSON list of its words.

    A word is ``{"transcription", "points", "difficult", "score"}``.
    :class:`spotter.data.readers.PaddleOCRReader` reads it. Photos that could not be read are left
    out.
    """
    return "".join(_line(result) for result in readable(results))


def _line(result: SpottingResult) -> str:
    words = [
        {
            "transcription": clean_text(word.text),
            "points": points(word.polygon),
            "difficult": False,
            "score": round(word.score, 4),
        }
        for word in result.instances
    ]
    return f"{clean_name(result.image)}\t{json.dumps(words, ensure_ascii=False)}\n"
