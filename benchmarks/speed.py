"""Speed, memory and scores of systems on the same photos in the same run."""

from __future__ import annotations

import resource
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.systems.base import System, TimedSpot
from spotter.structures import TextInstance


@dataclass
class Measurement:
    """All runs of one system.

    Attributes:
        name: The system.
        runs: In order of photos, then repeats.
        words: Per photo, of the last repeat.
        peak_memory: MiB, of a process that only this system ran in.
        scores: hmeans against a ground truth.
    """

    name: str
    runs: list[TimedSpot] = field(default_factory=list)
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
            "system": self.name,
            **{f"{stage}_ms": round(self.median(stage), 2) for stage in stages},
            "words_per_photo": sum(map(len, self.words)) / max(1, len(self.words)),
            "peak_memory_mib": self.peak_memory,
            **self.scores,
        }


def interleave(
    systems: Sequence[System],
    photos: Sequence[np.ndarray],
    repeat: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> list[Measurement]:
    """Run every system on every photo, photo by photo, so that the machine's noise hits all alike.

    Args:
        systems: What to compare; each is first run once on the first photo to warm up.
        photos: BGR photos.
        repeat: Passes over the photos; who goes first changes from photo to photo.
        progress: Called after every photo.
    """
    measurements = [Measurement(system.name, words=[[] for _ in photos]) for system in systems]
    for system in systems:
        system.timed_spot(photos[0])
    for turn in range(repeat):
        for index, photo in enumerate(photos):
            for step in range(len(systems)):
                which = (turn + index + step) % len(systems)
                run = systems[which].timed_spot(photo)
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
    """Fill in the hmeans of a system: ICDAR 2015 detection, end to end and word spotting."""
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
