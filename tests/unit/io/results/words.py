"""Results whose files can be worked out by hand."""

from __future__ import annotations

import numpy as np

from spotter.structures import SpottingResult, TextInstance

HOSTILE = "</span><script>\"&'>"


def word(
    x: float, y: float, w: float, h: float, text: str, det: float = 0.81, rec: float = 0.8
) -> TextInstance:
    """An upright word."""
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return TextInstance(corners, text, detection_score=det, recognition_score=rec)


def upwards() -> TextInstance:
    """A word that runs from the bottom to the top, at x from 300 to 320 and y from 200 to 100."""
    corners = np.array([[300, 200], [300, 100], [320, 100], [320, 200]], np.float32)
    return TextInstance(corners, "UP", detection_score=0.25, recognition_score=0.5)


def result(image: str = "photo.png") -> SpottingResult:
    """400 x 300: a line of two words, a word below, a word that runs upwards."""
    words = [
        word(20, 20, 80, 20, "Straße"),
        word(110, 20, 60, 20, HOSTILE),
        word(20.25, 100, 90.5, 20, "日本語,x"),
        upwards(),
    ]
    return SpottingResult(image, 400, 300, words)


def failed() -> SpottingResult:
    """A photo that could not be read."""
    return SpottingResult("broken.png", error="broken.png: damaged")
