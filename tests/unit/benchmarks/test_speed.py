"""The stopwatch, on systems that take no time."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from benchmarks.speed import interleave, peak_memory, score
from benchmarks.stages import OTHER, Spent, StageTimer, time_budget
from benchmarks.systems import (
    OurSystem,
    System,
    TimedSpot,
    baseline_system,
    present_baselines,
)
from spotter.labeling.rapidocr import text_instances
from spotter.pipeline import SceneTextSpotter
from spotter.structures import TextInstance
from tests.unit.pipeline.networks import photo

QUAD = np.array([[10, 10], [60, 10], [60, 30], [10, 30]], np.float32)


class FakeSystem(System):
    """Takes as long as its name says, and logs who ran when."""

    def __init__(self, name: str, log: list[tuple[str, int]]) -> None:
        super().__init__(name, tasks=["photos"])
        self.log = log

    def timed_spot(self, photo: np.ndarray) -> TimedSpot:
        self.log.append((self.name, int(photo[0, 0, 0])))
        return TimedSpot([TextInstance(QUAD, "word")], 1.0, float(len(self.name)), 0.5)


def test_systems_take_turns() -> None:
    log: list[tuple[str, int]] = []
    photos = [np.full((2, 2, 3), value, np.uint8) for value in (0, 1, 2)]
    ours, baseline = interleave([FakeSystem("a", log), FakeSystem("bb", log)], photos, repeat=2)
    assert log[:2] == [("a", 0), ("bb", 0)]
    measured = log[2:]
    # Photo by photo, and nobody always goes first.
    assert [value for _, value in measured] == [0, 0, 1, 1, 2, 2] * 2
    assert [name for name, _ in measured[::2]] == ["a", "bb", "a", "bb", "a", "bb"]
    assert (ours.median("whole"), baseline.median("whole")) == (2.0, 3.0)
    assert [len(words) for words in baseline.words] == [1, 1, 1]
    assert baseline.to_dict()["words_per_photo"] == 1.0


def test_our_system_is_the_spotter(spotter: SceneTextSpotter) -> None:
    image = photo(256, 192, [(20, 20, 90, 20), (150, 22, 60, 18)])
    run = OurSystem(spotter=spotter).timed_spot(image)
    expected = [word.text for word in spotter.spot(image).instances]
    assert [word.text for word in run.words] == expected
    assert run.whole == run.detection + run.recognition
    assert min(run.detection, run.recognition) > 0


def test_a_stage_counts_without_the_stages_inside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(time, "process_time", lambda: 2 * now[0])

    def takes(seconds: float) -> None:
        now[0] += seconds

    parts = SimpleNamespace(inner=lambda: takes(2.0))
    parts.outer = lambda: (takes(1.0), parts.inner(), parts.inner())
    inner = parts.inner
    with StageTimer() as timer:
        timer.time_calls(parts, "outer", "outside")
        timer.time_calls(parts, "inner", "inside")
        parts.outer()
        parts.inner()
    assert timer.spent == {"outside": Spent(1.0, 2.0), "inside": Spent(6.0, 12.0)}
    assert parts.inner is inner


def test_the_time_budget_of_a_spotter(spotter: SceneTextSpotter) -> None:
    image = photo(256, 192, [(20, 20, 90, 20), (150, 22, 60, 18)])
    before = [word.text for word in spotter.spot(image).instances]
    budget = time_budget(spotter, [image, image])
    for stage in ("detector network", "recognizer network", "cutting of word crops", OTHER):
        assert budget[stage].wall > 0
    assert budget["rescoring network"] == Spent()
    assert [word.text for word in spotter.spot(image).instances] == before
    assert "run_pixels" not in vars(spotter.detector.runtime)


def test_scores() -> None:
    truth = [[TextInstance(QUAD, "word")]]
    [measurement] = interleave([FakeSystem("a", [])], [np.zeros((2, 2, 3), np.uint8)])
    score(measurement, truth)
    assert measurement.scores == {
        "detection_hmean": 1.0,
        "end_to_end_hmean": 1.0,
        "word_spotting_hmean": 1.0,
    }


@pytest.mark.parametrize("words", [True, False])
def test_baseline_output(words: bool) -> None:
    line = (("two", 0.9, QUAD.tolist()), ("words", 0.8, (QUAD + 60).tolist()), ("", 1.0, None))
    output = SimpleNamespace(
        txts=("two words",), scores=(0.85,), boxes=QUAD[None], word_results=(line,)
    )
    texts = [word.text for word in text_instances(output, words)]
    assert texts == (["two", "words"] if words else ["two words"])
    assert text_instances(SimpleNamespace(txts=None), words) == []


def test_peak_memory_stays_when_memory_is_given_back() -> None:
    before = peak_memory()
    block = np.ones(2**26, np.uint8)
    during = peak_memory()
    del block
    assert during >= before > 10
    # The kernel's counters are exact to a few pages per thread.
    assert peak_memory() > during - 2


def test_a_baseline_on_openvino_needs_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (True, False):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, there=there: there or None)
        assert ("rapidocr-openvino" in present_baselines()) is there
        assert {"rapidocr", "rapidocr-lines"} <= set(present_baselines())


def bakery() -> np.ndarray:
    """A photo of one word."""
    photo = np.full((120, 400, 3), 255, np.uint8)
    cv2.putText(photo, "Bakery", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 4)
    return photo


def test_rapidocr_reads_on_both_engines() -> None:
    pytest.importorskip("rapidocr")
    pytest.importorskip("openvino")
    for baseline in ("rapidocr", "rapidocr-openvino"):
        words = baseline_system(baseline, 1).spot(bakery())
        assert [word.text for word in words] == ["Bakery"]


SIGNALS = """
import gc, os, signal
from benchmarks.systems import baseline_system
from tests.unit.benchmarks.test_speed import bakery

for _ in range(2):
    baseline_system("rapidocr-openvino", 1).spot(bakery())
    gc.collect()
signal.signal(signal.SIGUSR1, lambda *_: None)
os.kill(os.getpid(), signal.SIGUSR1)
print("alive")
"""


def test_signals_are_handled_after_rapidocr_on_openvino_has_gone() -> None:
    pytest.importorskip("rapidocr")
    pytest.importorskip("openvino")
    done = subprocess.run(
        [sys.executable, "-c", SIGNALS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr
