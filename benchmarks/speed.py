"""Our speed, memory and scores beside RapidOCR's, on the same photos in the same run."""

from __future__ import annotations

import importlib.util
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from spotter.errors import GeometryError, ImageError
from spotter.geometry import order_vertices
from spotter.labeling.rapidocr import PEERS, RapidOCREngine
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.structures import TextInstance

OURS = "spotter"


@dataclass(frozen=True)
class Run:
    """One photo through one side.

    Attributes:
        words: What was read.
        detection: Milliseconds from the decoded photo to the boxes.
        recognition: Milliseconds from there to the texts (crops, direction, reading).
        cpu: Milliseconds of processor time of the whole, over all threads.
    """

    words: list[TextInstance]
    detection: float
    recognition: float
    cpu: float

    @property
    def whole(self) -> float:
        """Milliseconds from the decoded photo to the texts."""
        return self.detection + self.recognition


class Side(Protocol):
    """Anything that spots words."""

    name: str

    def run(self, photo: np.ndarray) -> Run:
        """Spot a BGR photo (H, W, 3) uint8."""
        ...


class OurSide:
    """This toolkit.

    Args:
        spotter: What to measure.
    """

    name = OURS

    def __init__(self, spotter: SceneTextSpotter) -> None:
        self.spotter = spotter

    def run(self, photo: np.ndarray) -> Run:
        """See :class:`Side`."""
        cpu, start = time.process_time(), time.perf_counter()
        found = self.spotter.detect(photo)
        between = time.perf_counter()
        words = self.spotter.read(photo, found)
        end = time.perf_counter()
        used = time.process_time() - cpu
        return Run(words, (between - start) * 1e3, (end - between) * 1e3, used * 1e3)


class RapidOCRSide(RapidOCREngine):
    """RapidOCR as a side: see :class:`spotter.labeling.rapidocr.RapidOCREngine`."""

    def run(self, photo: np.ndarray) -> Run:
        """See :class:`Side`."""
        cpu, start = time.process_time(), time.perf_counter()
        output = self._call(photo, use_det=True, return_word_box=self._words)
        whole = (time.perf_counter() - start) * 1e3
        used = (time.process_time() - cpu) * 1e3
        # Its list is empty where nothing was found; then all was detection.
        elapsed = getattr(output, "elapse_list", None) or [whole / 1e3]
        detection = min(float(elapsed[0] or 0.0) * 1e3, whole)
        return Run(self._instances(output), detection, whole - detection, used)

    def read_file(self, path: Path) -> list[TextInstance]:
        """Lines of a picture that RapidOCR opens by itself, in its normal mode.

        Raises:
            ImageError: It cannot.
        """
        try:
            output = self._engine(
                str(path), use_det=True, use_cls=True, use_rec=True, return_word_box=False
            )
        except Exception as error:
            raise ImageError(f"{path.name}: RapidOCR: {error}") from None
        return self._instances(output, words=False)

    def _instances(self, output: Any, words: bool | None = None) -> list[TextInstance]:
        if getattr(output, "txts", None) is None:
            return []
        if self._words if words is None else words:
            read = [word for line in output.word_results for word in line if len(word) == 3]
        else:
            read = list(zip(output.txts, output.scores, output.boxes, strict=True))
        found = []
        for text, score, box in read:
            if box is None or not text:
                continue
            try:
                polygon = order_vertices(np.asarray(box, np.float32))
            except GeometryError:
                continue
            found.append(TextInstance(polygon, text, detection_score=float(score)))
        return found


@dataclass
class Measurement:
    """All runs of one side.

    Attributes:
        name: The side.
        runs: In order of photos, then repeats.
        words: Per photo, of the last repeat.
        peak_memory: MiB, of a process that only this side ran in.
        scores: hmeans against a ground truth.
    """

    name: str
    runs: list[Run] = field(default_factory=list)
    words: list[list[TextInstance]] = field(default_factory=list)
    peak_memory: float | None = None
    scores: dict[str, float] = field(default_factory=dict)

    def median(self, stage: str) -> float:
        """Median milliseconds per photo of ``detection``, ``recognition``, ``whole``, ``cpu``."""
        return statistics.median(getattr(run, stage) for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready summary."""
        stages = ("detection", "recognition", "whole", "cpu")
        return {
            "side": self.name,
            **{f"{stage}_ms": round(self.median(stage), 2) for stage in stages},
            "words_per_photo": sum(map(len, self.words)) / max(1, len(self.words)),
            "peak_memory_mib": self.peak_memory,
            **self.scores,
        }


def present_peers() -> list[str]:
    """Keys of :data:`PEERS` that can run here, where RapidOCR is installed."""
    openvino = importlib.util.find_spec("openvino") is not None
    return [peer for peer in PEERS if openvino or peer != "rapidocr-openvino"]


def interleave(
    sides: Sequence[Side],
    photos: Sequence[np.ndarray],
    repeat: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> list[Measurement]:
    """Run every side on every photo, photo by photo, so that the machine's noise hits all alike.

    Args:
        sides: What to compare; each is first run once on the first photo to warm up.
        photos: BGR photos.
        repeat: Passes over the photos; who goes first changes from photo to photo.
        progress: Called after every photo.
    """
    measurements = [Measurement(side.name, words=[[] for _ in photos]) for side in sides]
    for side in sides:
        side.run(photos[0])
    for turn in range(repeat):
        for index, photo in enumerate(photos):
            for step in range(len(sides)):
                which = (turn + index + step) % len(sides)
                run = sides[which].run(photo)
                measurements[which].runs.append(run)
                measurements[which].words[index] = run.words
            progress()
    return measurements


def peak_memory() -> float:
    """Most memory that this process has held, in MiB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike ru_maxrss it does not begin with the peak of the process that started this one.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def score(
    measurement: Measurement, truths: Sequence[Sequence[TextInstance]], min_score: float = 0.0
) -> None:
    """Fill in the hmeans of a side: ICDAR 2015 detection, end to end and word spotting."""
    from spotter.evaluation.protocols.detection import evaluate_detection
    from spotter.evaluation.protocols.end_to_end import evaluate_end_to_end

    detection = evaluate_detection(measurement.words, truths, min_score=min_score)
    end_to_end = evaluate_end_to_end(measurement.words, truths, min_score=min_score)
    spotting = evaluate_end_to_end(
        measurement.words, truths, mode="word_spotting", min_score=min_score
    )
    measurement.scores = {
        "detection_hmean": detection.hmean,
        "end_to_end_hmean": end_to_end.hmean,
        "word_spotting_hmean": spotting.hmean,
    }
