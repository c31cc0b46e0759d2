"""Where the time of a spotter goes, by stage, measured by wrapping the calls of its parts."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np

from spotter.pipeline import SceneTextSpotter, crop_batching, detector, word_search
from spotter.runtime.preprocessing import Normalizer

OTHER = "other"
"""The stage of all time that no part accounts for."""


@dataclass(frozen=True)
class Spent:
    """Time of a stage, in seconds or, per photo, in milliseconds.

    Attributes:
        wall: Of the clock.
        cpu: Of the processor, over all threads: other programs on the machine do not count.
    """

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.wall - other.wall, self.cpu - other.cpu)

    def per_photo(self, photos: int) -> Spent:
        """Milliseconds for each of so many photos."""
        return Spent(*(round(1e3 * seconds / photos, 3) for seconds in (self.wall, self.cpu)))

    @classmethod
    def now(cls) -> Spent:
        """The clocks' readings, in seconds."""
        return cls(time.perf_counter(), time.process_time())


class StageTimer:
    """Adds up the time of calls by stage; a stage within another counts for itself alone.

    Use it as a context manager: the calls are wrapped by :meth:`time_calls` inside, and as they
    were afterwards. It serves one thread.

    Attributes:
        spent: Seconds by stage, in the order in which stages were named.
    """

    def __init__(self) -> None:
        self.spent: dict[str, Spent] = {}
        self._nested: list[Spent] = []
        self._patches = ExitStack()

    def __enter__(self) -> StageTimer:
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    def time_calls(self, owner: Any, name: str, stage: str) -> None:
        """Count the calls of ``owner.name`` as a stage.

        Args:
            owner: Object, class or module that the callable is looked up in.
            name: Of the callable.
            stage: Name of the stage; several callables may share one.

        Raises:
            AttributeError: The owner has no such attribute.
        """
        self.spent.setdefault(stage, Spent())
        timed = self._timed(getattr(owner, name), stage)
        self._patches.enter_context(patch.object(owner, name, timed))

    def _timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        # Not all callables have the attributes that functools.wraps copies; it skips those.
        @functools.wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            start = Spent.now()
            self._nested.append(Spent())
            try:
                return function(*args, **options)
            finally:
                spent = Spent.now() - start
                self.spent[stage] += spent - self._nested.pop()
                if self._nested:
                    self._nested[-1] += spent

        return timed


def time_budget(spotter: SceneTextSpotter, photos: Sequence[np.ndarray]) -> dict[str, Spent]:
    """Mean milliseconds per photo of every stage of a spotter.

    Args:
        spotter: To measure; it is as it was afterwards.
        photos: (H, W, 3) uint8 BGR each, at least one. The first one is spotted once before, so
            that no stage pays for the start.

    Returns:
        Milliseconds by stage, in the order of the pipeline, and last those of :data:`OTHER`. Their
        sum is the time from the decoded photo to the words.
    """
    spotter.spot(photos[0])
    with StageTimer() as timer:
        _time_stages(timer, spotter)
        start = Spent.now()
        for photo in photos:
            spotter.spot(photo)
        whole = Spent.now() - start
    stages = {**timer.spent, OTHER: whole - sum(timer.spent.values(), Spent())}
    return {stage: spent.per_photo(len(photos)) for stage, spent in stages.items()}


def _time_stages(timer: StageTimer, spotter: SceneTextSpotter) -> None:
    """Name the parts of each stage."""
    word_detector, word_recognizer = spotter.detector, spotter.recognizer
    timer.time_calls(detector, "resize_image", "resizing of photos")
    timer.time_calls(Normalizer, "__call__", "normalisation of inputs")
    timer.time_calls(word_detector.runtime, "run_pixels", "detector network")
    timer.time_calls(word_detector, "_postprocess", "detector post-processing")
    timer.time_calls(detector, "small_text", "search for small text")
    for name in ("add_small_words", "merge_windows", "whole_words"):
        timer.time_calls(detector, name, "merging of detections")
    timer.time_calls(word_search, "photo_orientation", "orientation of photos")
    timer.time_calls(word_search, "extend_to_marks", "extension of words to marks")
    proposals = ("joins", "splits", "alternatives", "lengthenings")
    for name in (*(f"propose_{each}" for each in proposals), "lengthen_alternatives"):
        timer.time_calls(word_search, name, "joining and splitting of words")
    timer.time_calls(word_search, "reading_directions", "directions of words")
    timer.time_calls(word_recognizer, "crop", "cutting of word crops")
    for name in ("cut_vertical", "surroundings"):
        timer.time_calls(crop_batching, name, "cutting of word crops")
    for name in ("run", "run_with_frames"):
        timer.time_calls(word_recognizer.runtime, name, "recognizer network")
    timer.time_calls(word_recognizer, "_decoder", "greedy decoding")
    timer.time_calls(word_recognizer, "decode", "language search")
    timer.time_calls(word_recognizer.runtime, "rescore", "rescoring network")
    timer.time_calls(spotter, "_collect", "order, lexicon and thresholds")
