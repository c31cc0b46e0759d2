"""The bridge to supervision: its annotators, filters and trackers take its ``Detections``."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotter.io.results.parts import bounds, four_corners, optional_module
from spotter.structures import SpottingResult


def to_supervision(result: SpottingResult) -> Any:
    """``supervision.Detections`` of the N words of one photo, in reading order.

    ``xyxy`` (N, 4) float32 are the upright boxes in pixels, ``confidence`` (N,) the scores,
    ``class_id`` (N,) zeros. ``data`` has ``text`` (N,), ``class_name`` (N,) with the texts, which
    label annotators print, and ``xyxyxyxy`` (N, 4, 2), the corners from the first character's top
    left, which oriented box annotators draw.

    Raises:
        ConfigError: supervision is not installed.
    """
    supervision = optional_module("supervision", "a bridge to supervision", "supervision")
    words = result.instances
    texts = np.array([word.text or "" for word in words], dtype=str)
    corners = [four_corners(word.polygon) for word in words]
    return supervision.Detections(
        xyxy=np.array([bounds(word.polygon) for word in words], np.float32).reshape(-1, 4),
        confidence=np.array([word.score for word in words], np.float32),
        class_id=np.zeros(len(words), int),
        data={
            "text": texts,
            "class_name": texts.copy(),
            "xyxyxyxy": np.array(corners, np.float32).reshape(-1, 4, 2),
        },
    )
