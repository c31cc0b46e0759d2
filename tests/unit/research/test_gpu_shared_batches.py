import os
import signal
import time

import cv2
import numpy as np
import pytest

from research.gpu.shared_batches import Field, SharedBatches
from spotter.data.randomness import integer
from spotter.errors import ConfigError, LoaderError


class Numbers:
    """Batches of one random number, repeated as often as it says, and the maker's process."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails

    def fields(self) -> dict[str, Field]:
        return {"values": Field((2, 8), "int64"), "process": Field((1,), "int64")}

    def fill(self, arrays: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        if self.fails:
            raise ValueError("no numbers today")
        number = 1 + integer(8)
        arrays["values"][: 2 * number] = number
        arrays["process"][:] = os.getpid()
        return {"values": (2, number), "process": (1,)}


def drawn(workers: int, count: int = 12, start: int = 0) -> tuple[list[np.ndarray], set[int]]:
    batches = SharedBatches(Numbers(), workers, slots=3, seed=5, start=start)
    values, processes = [], set()
    for _ in range(count):
        batch = batches.next()
        values.append(batch.arrays["values"].copy())
        processes.add(int(batch.arrays["process"][0]))
        batches.release(batch)
    batches.stop()
    return values, processes


def test_workers_run_where_the_threads_of_opencv_are_at_work() -> None:
    before = cv2.getNumThreads()
    cv2.setNumThreads(4)
    try:
        cv2.GaussianBlur(np.zeros((2000, 2000, 3), np.uint8), (0, 0), 5)
        values, processes = drawn(2, count=2)
        assert cv2.getNumThreads() == 4
    finally:
        cv2.setNumThreads(before)
    assert len(values) == len(processes) == 2


def test_batches_do_not_depend_on_the_number_of_workers() -> None:
    alone, here = drawn(0)
    several, there = drawn(2)
    assert here == {os.getpid()}
    assert len(there) == 2
    assert here.isdisjoint(there)
    assert len({values.shape for values in alone}) > 1
    for first, second in zip(alone, several, strict=True):
        assert np.array_equal(first, second)
        assert (first == first.shape[1]).all()


def test_a_later_start_gives_the_later_batches() -> None:
    whole, _ = drawn(0, 6)
    rest, _ = drawn(2, 3, start=3)
    assert [values.shape for values in rest] == [values.shape for values in whole[3:]]


def test_a_batch_stays_until_it_is_released() -> None:
    batches = SharedBatches(Numbers(), 1, slots=2, seed=5)
    first = batches.next()
    kept = first.arrays["values"].copy()
    second = batches.next()
    time.sleep(0.1)  # time in which a worker that did not wait would write over the first
    assert np.array_equal(first.arrays["values"], kept)
    batches.release(first)
    third = batches.next()
    assert third.number == 2
    assert np.shares_memory(third.arrays["process"], first.arrays["process"])
    assert not np.shares_memory(third.arrays["process"], second.arrays["process"])
    batches.stop()


def test_what_stops_a_worker_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = SharedBatches(Numbers(fails=True), 1)
    with pytest.raises(LoaderError, match="batch 0: ValueError: no numbers today"):
        batches.next()
    batches.stop()
    monkeypatch.setattr("research.gpu.shared_batches._POLL_SECONDS", 0.05)
    batches = SharedBatches(Numbers(), 1, slots=1)
    held = batches.next()
    os.kill(batches._workers[0].pid or 0, signal.SIGKILL)
    batches._workers[0].join()
    batches.release(held)
    with pytest.raises(LoaderError, match="the process that makes batch 1 ended"):
        batches.next()
    with pytest.raises(ConfigError, match="at least one slot"):
        SharedBatches(Numbers(), 0, slots=0)
