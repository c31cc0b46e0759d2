"""Photos in, lines out, in the same order, by several processes of which any may die."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait

from spotter.bulk.jobs import Job
from spotter.bulk.launchers import Launcher, open_launcher
from spotter.bulk.photos import Photo, Source
from spotter.bulk.records import Answered, to_line
from spotter.bulk.worker import BROKEN, DONE, LINE, READY
from spotter.errors import LoaderError, SpotterError

# The system takes no wait of more than some weeks; a longer time limit is waited for in parts.
_LONGEST_WAIT = 3600.0  # seconds
_WINDOW = 1024
"""Photos that are answered before one ahead of them is; lines wait, photos do not."""


@dataclass
class _Begun(Answered):
    """A photo that a worker has, or had."""

    pages: int = 0
    complete: bool = False


@dataclass
class _Worker:
    """A process, and the photo that it reads."""

    process: int
    connection: Connection
    photo: _Begun | None = None
    since: float = field(default_factory=time.monotonic)
    ready: bool = False


class Pool:
    """Workers that answer photos, each in a process of one thread.

    Args:
        job: What is done with each photo.
        workers: How many processes.
        time_limit: Seconds that a photo, or a page of a document, may take; its worker is killed
            then, another takes its place, and the photo's line says so.
        launcher: How processes are started; default: as suits the system.

    Raises:
        SpotterError: What the job raises when it is opened.
    """

    def __init__(
        self,
        job: Job,
        workers: int,
        time_limit: float = 300.0,
        launcher: Callable[[Job], Launcher] = open_launcher,
    ) -> None:
        self.job, self.time_limit = job, time_limit
        self._launcher = launcher(job)
        self._workers: list[_Worker] = []
        self._most = workers

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all workers, whatever they do."""
        for worker in self._workers:
            worker.connection.close()
            with suppress(OSError, SpotterError):
                self._launcher.kill(worker.process)
        self._workers.clear()
        self._launcher.close()

    def answer(self, photos: Iterable[Photo]) -> Iterator[Answered]:
        """The lines of photos, in their order; no more photos are taken than there are workers.

        Raises:
            SpotterError: What the job raises when it is opened, and what ``photos`` raises.
            LoaderError: A worker ended before it had opened the job.
        """
        waiting = iter(photos)
        order: dict[int, _Begun] = {}
        first = last = 0
        exhausted = False
        while True:
            while not exhausted and last - first < _WINDOW and (worker := self._idle()):
                photo = next(waiting, None)
                if photo is None:
                    exhausted = True
                    break
                order[last] = self._begin(worker, photo)
                last += 1
            while first < last and order[first].complete:
                yield order.pop(first)
                first += 1
            if exhausted and first == last:
                return
            if exhausted or last - first >= _WINDOW or self._idle() is None:
                self._await()

    def _idle(self) -> _Worker | None:
        """A worker without a photo; started, if there are too few."""
        idle = next((each for each in self._workers if each.ready and each.photo is None), None)
        if idle is None and len(self._workers) < self._most:
            self._workers.append(_Worker(*self._launcher.start()))
        return idle

    def _begin(self, worker: _Worker, photo: Photo) -> _Begun:
        answered = _Begun(photo.name)
        try:
            source = photo.take()
        except SpotterError as error:
            self._fail(answered, str(error))
            return answered
        worker.photo, worker.since = answered, time.monotonic()
        self._send(worker, photo.name, source)
        return answered

    def _send(self, worker: _Worker, name: str, source: Source) -> None:
        try:
            worker.connection.send((name, source))
        except OSError:
            self._bury(worker)

    def _fail(self, answered: _Begun, error: str) -> None:
        page = answered.pages + 1 if answered.pages else None
        answered.data += to_line(self.job.failure(answered.name, error, page))
        answered.failed = answered.complete = True

    def _await(self) -> None:
        """Wait until a worker has something to say or has used up its time."""
        busy = [each for each in self._workers if each.photo is not None or not each.ready]
        ends = [each.since + self.time_limit for each in busy if each.ready]
        left = min(ends, default=None)
        timeout = None if left is None else min(max(0.0, left - time.monotonic()), _LONGEST_WAIT)
        ready = wait([each.connection for each in busy], timeout)
        for worker in busy:
            if worker.connection in ready:
                self._receive(worker)
            elif worker.ready and time.monotonic() - worker.since >= self.time_limit:
                self._bury(worker, f"took longer than {self.time_limit:g} s, and was given up")

    def _receive(self, worker: _Worker) -> None:
        try:
            kind, value = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        worker.since = time.monotonic()
        if kind == READY:
            worker.ready = True
        elif kind == BROKEN:
            self._end(worker)
            raise value
        elif worker.photo is not None and kind == LINE:
            line, failed = value
            worker.photo.data += line
            worker.photo.failed |= failed
            worker.photo.pages += 1
        elif worker.photo is not None and kind == DONE:
            worker.photo.complete = True
            worker.photo = None

    def _end(self, worker: _Worker) -> int:
        self._workers.remove(worker)
        worker.connection.close()
        return self._launcher.kill(worker.process)

    def _bury(self, worker: _Worker, reason: str | None = None) -> None:
        """Make an end of a worker; the photo that it read is given up."""
        status = self._end(worker)
        if not worker.ready:
            raise LoaderError(f"a worker ended before it had loaded its networks ({_how(status)})")
        if worker.photo is not None:
            reason = reason or f"the process that read it ended ({_how(status)})"
            self._fail(worker.photo, f"{worker.photo.name}: {reason}")


def _how(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
