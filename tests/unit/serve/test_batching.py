"""The queue before the networks: order, batches, room, time, failures."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from spotter.serve.batching import BatchQueue, Job, QueueFullError

LATER = 1e6  # seconds


class Recorder:
    """Answers with ten times the item, and stores batches; waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.go = threading.Event()
        self.begun = threading.Event()

    def __call__(self, jobs: Sequence[Job]) -> list[Any]:
        self.batches.append([job.item for job in jobs])
        self.begun.set()
        assert self.go.wait(10)
        return [10 * job.item for job in jobs]


async def until(condition: Any) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def outcomes(jobs: Sequence[Job]) -> list[Any]:
    return await asyncio.wait_for(
        asyncio.gather(*(job.outcome for job in jobs), return_exceptions=True), 10
    )


def test_what_waits_is_answered_together_by_kind_and_in_order() -> None:
    async def run() -> None:
        spot, read = Recorder(), Recorder()
        sizes: list[tuple[str, int]] = []
        queue = BatchQueue(
            {"spot": (spot, 2), "read": (read, 8)}, 8, lambda kind, size: sizes.append((kind, size))
        )
        queue.start()
        # The first is not kept waiting for company.
        jobs = [*queue.put("spot", [1], LATER)]
        await until(spot.begun.is_set)
        jobs += queue.put("spot", [2], LATER)
        jobs += queue.put("read", [3, 4], LATER)
        jobs += queue.put("spot", [5, 6], LATER)
        jobs += queue.put("read", [7], LATER)
        assert len(queue) == 7
        spot.go.set()
        read.go.set()
        assert await outcomes(jobs) == [10, 20, 30, 40, 50, 60, 70]
        assert spot.batches == [[1], [2, 5], [6]]
        assert read.batches == [[3, 4, 7]]
        assert sizes == [("spot", 1), ("spot", 2), ("read", 3), ("spot", 1)]
        assert len(queue) == 0
        assert queue.alive
        await queue.stop()
        assert not queue.alive

    asyncio.run(run())


def test_a_full_queue_takes_all_or_nothing() -> None:
    async def run() -> None:
        recorder = Recorder()
        queue = BatchQueue({"spot": (recorder, 1)}, 3)
        queue.start()
        jobs = queue.put("spot", [1, 2], LATER)
        await until(recorder.begun.is_set)
        with pytest.raises(QueueFullError):
            queue.put("spot", [3, 4], LATER)
        jobs += queue.put("spot", [5], LATER)
        recorder.go.set()
        assert await outcomes(jobs) == [10, 20, 50]
        await queue.stop()

    asyncio.run(run())


def test_dropped_jobs_are_not_answered_and_give_room() -> None:
    async def run() -> None:
        recorder = Recorder()
        queue = BatchQueue({"spot": (recorder, 1)}, 3)
        queue.start()
        first = queue.put("spot", [1], LATER)
        await until(recorder.begun.is_set)
        second = queue.put("spot", [2, 3], LATER)
        queue.drop(second)
        assert all(job.expired for job in second)
        assert not first[0].expired
        third = queue.put("spot", [4], LATER)
        recorder.go.set()
        assert await outcomes([*first, *third]) == [10, 40]
        assert recorder.batches == [[1], [4]]
        await queue.stop()

    asyncio.run(run())


def test_a_failure_is_that_of_its_job() -> None:
    def answer(jobs: Sequence[Job]) -> list[float]:
        return [1 / job.item for job in jobs]

    async def run() -> None:
        queue = BatchQueue({"spot": (answer, 4)}, 8)
        queue.start()
        found = await outcomes(queue.put("spot", [1, 0, 2], LATER))
        assert found[0] == 1.0
        assert isinstance(found[1], ZeroDivisionError)
        assert found[2] == 0.5
        assert await outcomes(queue.put("spot", [4], LATER)) == [0.25]
        await queue.stop()

    asyncio.run(run())


def test_the_end_cancels_what_waits() -> None:
    async def run() -> None:
        recorder = Recorder()
        queue = BatchQueue({"spot": (recorder, 1)}, 8)
        queue.start()
        jobs = queue.put("spot", [1, 2], LATER)
        await until(recorder.begun.is_set)
        recorder.go.set()
        await queue.stop()
        assert all(isinstance(each, asyncio.CancelledError) for each in await outcomes(jobs))
        assert recorder.batches == [[1]]

    asyncio.run(run())


def test_time_counts_anew_once_work_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    job = Job("spot", 1, 60.0, asyncio.Future(loop=asyncio.new_event_loop()))
    now[0] = 159.0
    assert not job.expired
    job.begin()
    now[0] = 218.0
    assert not job.expired
    # The work is to end at its next page, but what is half done is waited for.
    now[0] = 220.0
    assert (job.expired, job.given_up) == (True, False)
    now[0] = 280.0
    assert job.given_up
    waiting = Job("spot", 1, 60.0, asyncio.Future(loop=asyncio.new_event_loop()))
    now[0] = 341.0
    assert (waiting.expired, waiting.given_up) == (True, True)
