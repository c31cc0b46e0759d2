"""RapidOCR as the baseline of a comparison."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks.systems.base import Reading, System, TimedSpot
from spotter.errors import ImageError
from spotter.labeling.rapidocr import ENGINES, RapidOCREngine, text_instances
from spotter.structures import TextInstance

_NOTE = "what it was trained on is not known here and may include these sets"


def present_baselines() -> list[str]:
    """Keys of :data:`spotter.labeling.rapidocr.ENGINES` that can run where RapidOCR is installed.

    Those on OpenVINO need that package, too.
    """
    openvino = importlib.util.find_spec("openvino") is not None
    return [name for name in ENGINES if openvino or name != "rapidocr-openvino"]


def baseline_system(baseline: str, threads: int | None) -> RapidOCRSystem:
    """RapidOCR with the models of its package.

    Args:
        baseline: A key of :data:`spotter.labeling.rapidocr.ENGINES`.
        threads: Threads per operator; ``None``: one.

    Raises:
        ConfigError: The package is not installed.
    """
    return RapidOCRSystem(RapidOCREngine(baseline, threads or 1))


class RapidOCRSystem(System):
    """RapidOCR 3 with the models of its package.

    Args:
        engine: To run.
    """

    def __init__(self, engine: RapidOCREngine) -> None:
        about = {"version": version("rapidocr"), "models and thresholds": "those of its package"}
        super().__init__(engine.name, about, ("photos", "words", "files"), note=_NOTE)
        self.engine = engine

    def spot(self, photo: np.ndarray) -> list[TextInstance]:
        """See :class:`System`."""
        return self.timed_spot(photo).words

    def timed_spot(self, photo: np.ndarray) -> TimedSpot:
        """See :class:`System`."""
        cpu, start = time.process_time(), time.perf_counter()
        output = self.engine.spot(photo)
        whole = (time.perf_counter() - start) * 1e3
        used = (time.process_time() - cpu) * 1e3
        # Its list is empty where nothing was found; then all was detection.
        elapsed = getattr(output, "elapse_list", None) or [whole / 1e3]
        detection = min(float(elapsed[0] or 0.0) * 1e3, whole)
        words = text_instances(output, self.engine.words)
        return TimedSpot(words, detection, whole - detection, used)

    def spot_file(self, path: Path) -> list[TextInstance]:
        """Lines of a picture that RapidOCR opens by itself, in its normal mode.

        Raises:
            ImageError: It cannot.
        """
        try:
            output = self.engine.spot(str(path), words=False)
        except Exception as error:
            raise ImageError(f"{path.name}: RapidOCR: {error}") from None
        return text_instances(output, words=False)

    def read(self, crops: Sequence[np.ndarray]) -> list[Reading]:
        """See :class:`System`."""
        return [self.engine.read_word(crop) for crop in crops]
