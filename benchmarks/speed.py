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

from spotter.errors import ConfigError, GeometryError, ImageError
from spotter.geometry import order_vertices
from spotter.pipeline.spotter import SceneTextSpotter
from spotter.structures import TextInstance

OURS = "spotter"
PEERS = {
    "rapidocr": "RapidOCR, words",
    "rapidocr-lines": "RapidOCR, lines",
    "rapidocr-openvino": "RapidOCR, words, OpenVINO",
}
"""Sides to compare with: word boxes, as spotting is scored, and its normal mode, lines, both on
ONNX Runtime, which it takes by itself; and words on OpenVINO."""


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


_KEPT: list[Any] = []
"""Engines of RapidOCR on OpenVINO, which stay to the end of the process. Each opens three cores, of
which the first goes first: from then on signals are handled on freed memory (see ``_core`` of
:mod:`spotter.runtime.openvino`), and the process dies at the next one."""


class RapidOCRSide:
    """RapidOCR 3 with the models of its package.

    Args:
        peer: A key of :data:`PEERS`.
        threads: Threads per operator.

    Raises:
        ConfigError: The package is not installed.
    """

    def __init__(self, peer: str, threads: int) -> None:
        if not peer_installed():
            raise ConfigError("rapidocr is not installed (pip install rapidocr)")
        from rapidocr import RapidOCR

        self.name = PEERS[peer]
        self._words = peer != "rapidocr-lines"
        params: dict[str, Any] = {"Global.log_level": "critical"}
        if peer == "rapidocr-openvino":
            from rapidocr import EngineType

            params["EngineConfig.openvino.inference_num_threads"] = threads
            for part in ("Det", "Cls", "Rec"):
                params[f"{part}.engine_type"] = EngineType.OPENVINO
        else:
            engine = "EngineConfig.onnxruntime"
            params[f"{engine}.intra_op_num_threads"] = threads
            params[f"{engine}.inter_op_num_threads"] = 1
        self._engine = RapidOCR(params=params)
        if peer == "rapidocr-openvino":
            _KEPT.append(self._engine)

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

    def read_word(self, crop: np.ndarray) -> tuple[str | None, float]:
        """Text and score of a word crop (H, W, 3) uint8 BGR: recognition without detection."""
        output = self._call(crop, use_det=False, return_word_box=False)
        if not getattr(output, "txts", None):
            return None, 0.0
        return output.txts[0], float(output.scores[0])

    @property
    def characters(self) -> list[str]:
        """Classes 1 and up of :meth:`frame_probabilities`."""
        return list(self._recognizer.postprocess_op.character[1:])

    def frame_probabilities(self, crop: np.ndarray) -> np.ndarray:
        """(T, K) probabilities per frame of a word crop (H, W, 3) uint8 BGR; class 0 is the blank.

        The crop is not turned, unlike by :meth:`read_word`.
        """
        recognizer = self._recognizer
        _, height, width = recognizer.rec_image_shape[:3]
        ratio = max(width / height, crop.shape[1] / crop.shape[0])
        batch = recognizer.resize_norm_img(crop, ratio)[None].astype(np.float32)
        return np.asarray(recognizer.session(batch))[0]

    @property
    def _recognizer(self) -> Any:
        if self._engine.text_rec is None:
            # The engine loads its parts when they are first used.
            self.read_word(np.full((48, 96, 3), 255, np.uint8))
        return self._engine.text_rec

    def _call(self, image: np.ndarray, use_det: bool, return_word_box: bool) -> Any:
        # The engine keeps the options of a call for the next one, so each call gives them all.
        return self._engine(
            image, use_det=use_det, use_cls=True, use_rec=True, return_word_box=return_word_box
        )

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


def peer_installed() -> bool:
    """Whether the package of the peer can be imported."""
    return importlib.util.find_spec("rapidocr") is not None


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
