"""The processes that work: one thread each, one photo at a time."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from spotter.bulk.jobs import Answer, Job
from spotter.bulk.records import Record, to_line
from spotter.errors import SpotterError
from spotter.io.names import one_line

# What a worker sends: (READY, None), (BROKEN, error), (LINE, bytes) and, after those of a photo,
# (DONE, None).
READY, BROKEN, LINE, DONE = range(4)

_PR_SET_PDEATHSIG = 1


def single_threaded() -> None:
    """Have the libraries of this process start no threads, and leave interrupts to its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    import cv2

    cv2.setNumThreads(1)


def die_with_parent() -> None:
    """On Linux, end this process when its parent ends, even in the middle of a photo."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def work(connection: Connection, job: Job, answer: Answer | None = None) -> None:
    """Answer photos until the connection is closed.

    Args:
        connection: Gives (name, source), and takes the messages above.
        job: What is done.
        answer: The opened job, where the parent of this process has opened it.
    """
    try:
        answer = answer or job.open()
    except SpotterError as error:
        connection.send((BROKEN, error))
        return
    connection.send((READY, None))
    while True:
        try:
            name, source = connection.recv()
        except (EOFError, OSError):
            return
        _answer_one(connection, job, answer, name, source)


def _answer_one(connection: Connection, job: Job, answer: Answer, name: str, source: Any) -> None:
    try:
        for record in records_of(job, answer, name, source):
            connection.send((LINE, (to_line(record), record.get("error") is not None)))
        connection.send((DONE, None))
    except (BrokenPipeError, ConnectionError):
        return


def records_of(job: Job, answer: Answer, name: str, source: Any) -> Iterator[Record]:
    """The records of a photo; whatever it brings about costs that photo only."""
    try:
        yield from answer(name, source)
    except MemoryError:
        yield job.failure(name, f"{name}: there is not enough memory for it")
    except SpotterError as error:
        yield job.failure(name, str(error))
    except Exception as error:
        yield job.failure(name, f"{name}: {type(error).__name__}: {one_line(error)}")
