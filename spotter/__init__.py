"""Scene text spotting: detectors, recognizers and training methods that are swapped by config.

Importing this package imports nothing heavy; its classes are fetched when they are asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotter.pipeline.detector import TextDetector
    from spotter.pipeline.recognizer import TextRecognizer
    from spotter.pipeline.spotter import SceneTextSpotter
    from spotter.pipeline.word_recognizer import WordRecognizer
    from spotter.structures import SpottingResult, TextInstance

__version__ = "0.1.0"
__all__ = [
    "SceneTextSpotter",
    "SpottingResult",
    "TextDetector",
    "TextInstance",
    "TextRecognizer",
    "WordRecognizer",
    "__version__",
]

_MODULES = {
    "SceneTextSpotter": "spotter.pipeline.spotter",
    "SpottingResult": "spotter.structures",
    "TextDetector": "spotter.pipeline.detector",
    "TextInstance": "spotter.structures",
    "TextRecognizer": "spotter.pipeline.recognizer",
    "WordRecognizer": "spotter.pipeline.word_recognizer",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
