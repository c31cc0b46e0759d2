"""A bounded queue in front of the networks, whose jobs are answered in batches."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

_LOG = logging.getLogger(__name__)

Answer = Callable[[Sequence["Job"]], Sequence[Any]]
"""Gives the outcomes of some jobs in order; an exception among them fails its job alone."""


class QueueFullError(Exception):
    """There is no room for the jobs; nothing was put into the queue."""


class DeadlineError(Exception):
    """A job was not answered in time."""


@dataclass(eq=False)
class Job:
    """One file of a request.

    Attributes:
        kind: Which function answers it.
        item: What that function takes.
        seconds: How long it may wait, and how long it may then be worked on.
        deadline: Time of ``time.monotonic()`` at which the wait or the work is over.
        outcome: Its result or exception, once there is one.
        begun: Whether it is being worked on.
        dropped: Nobody waits for it any more.
    """

    kind: str
    item: Any
    seconds: float
    outcome: asyncio.Future[Any] = field(repr=False)
    begun: bool = False
    dropped: bool = False

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def begin(self) -> None:
        """Say that the work begins, for which the time counts anew."""
        self.deadline = time.monotonic() + self.seconds
        self.begun = True

    @property
    def given_up(self) -> bool:
        """Whether nobody need wait any longer: it was not begun in time, or is worked on for twice
        the time, although work is checked against the deadline.
        """
        grace = self.seconds if self.begun else 0.0
        return time.monotonic() > self.deadline + grace

    @property
    def expired(self) -> bool:
        """Whether it shall not be begun, or not be continued."""
        return self.dropped or time.monotonic() > self.deadline


class BatchQueue:
    """Answers jobs in the order in which they come, those of one kind together.

    Everything runs in the event loop except the functions that answer, which run in one thread,
    because the networks use all of their threads for one batch. A batch is the oldest job and the
    waiting jobs of its kind, up to the limit of the kind: a single job is not delayed.

    Args:
        kinds: By kind what answers, and how many jobs at once.
        max_size: Most jobs that wait or are being answered.
        on_batch: Called with the kind and the size of each batch.
    """

    def __init__(
        self,
        kinds: Mapping[str, tuple[Answer, int]],
        max_size: int,
        on_batch: Callable[[str, int], object] = lambda kind, size: None,
    ) -> None:
        self._kinds = kinds
        self._max_size = max_size
        self._on_batch = on_batch
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spotter")
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Jobs that wait or are being answered."""
        return len(self._waiting) + len(self._running)

    @property
    def alive(self) -> bool:
        """Whether jobs are being answered."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin to answer; to be called in the event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Cancel what waits, and wait for the batch that is being answered."""
        if self._task is not None:
            self._task.cancel()
        for job in (*self._waiting, *self._running):
            job.dropped = True
            job.outcome.cancel()
        self._waiting.clear()
        await asyncio.to_thread(self._thread.shutdown, True, cancel_futures=True)

    def put(self, kind: str, items: Sequence[Any], seconds: float) -> list[Job]:
        """Put jobs into the queue, all or none.

        Args:
            kind: Which function answers them.
            items: What it takes.
            seconds: See :class:`Job`.

        Raises:
            QueueFullError: There is no room for all of them.
        """
        if len(self) + len(items) > self._max_size:
            raise QueueFullError
        loop = asyncio.get_running_loop()
        jobs = [Job(kind, item, seconds, loop.create_future()) for item in items]
        self._waiting.extend(jobs)
        self._wake.set()
        return jobs

    def drop(self, jobs: Sequence[Job]) -> None:
        """Cancel jobs that nobody waits for, unless they are being answered already."""
        for job in jobs:
            job.dropped = True
            job.outcome.cancel()
            if job in self._waiting:
                self._waiting.remove(job)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            self._running = self._take()
            kind = self._running[0].kind
            self._on_batch(kind, len(self._running))
            batch = tuple(self._running)
            outcomes = await loop.run_in_executor(self._thread, self._answer, kind, batch)
            for job, outcome in zip(batch, outcomes, strict=True):
                if job.outcome.done():
                    continue
                if isinstance(outcome, Exception):
                    job.outcome.set_exception(outcome)
                else:
                    job.outcome.set_result(outcome)
            self._running = []

    def _take(self) -> list[Job]:
        """The next batch, taken out of what waits."""
        kind = self._waiting[0].kind
        most = self._kinds[kind][1]
        batch = [job for job in self._waiting if job.kind == kind][:most]
        for job in batch:
            self._waiting.remove(job)
        return batch

    def _answer(self, kind: str, batch: Sequence[Job]) -> Sequence[Any]:
        """Run in the thread: the outcomes of a batch; if the batch fails, its jobs are answered one
        by one.
        """
        answer = self._kinds[kind][0]
        try:
            return answer(batch)
        except Exception as error:
            if len(batch) == 1:
                _LOG.exception("a job of the kind %s failed", kind)
                return [error]
        return [outcome for job in batch for outcome in self._answer(kind, [job])]
