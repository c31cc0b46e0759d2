"""How workers are started: forked from one process that has loaded the networks, or afresh."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import struct
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Protocol

from spotter.bulk.jobs import Answer, Job
from spotter.bulk.worker import BROKEN, READY, die_with_parent, single_threaded, work
from spotter.errors import LoaderError, SpotterError

_REQUEST = struct.Struct("!ci")
_START, _ENDED = b"s", b"e"


class Launcher(Protocol):
    """Starts processes that run :func:`spotter.bulk.worker.work`."""

    def start(self) -> tuple[int, Connection]:
        """Process number and connection of a new worker."""
        ...

    def kill(self, process: int) -> int:
        """End a worker, if it has not ended, and forget it.

        Returns:
            How it ended: a status, or the negative number of a signal.
        """
        ...

    def close(self) -> None:
        """End whatever is left."""
        ...


def open_launcher(job: Job) -> Launcher:
    """The launcher that suits the system.

    Raises:
        SpotterError: What the job raises when it is opened.
        LoaderError: The process that loads the networks ended.
    """
    return ForkLauncher(job) if hasattr(os, "fork") else SpawnLauncher(job)


class ForkLauncher:
    """Forks workers from a process that has loaded everything, so that they share its memory.

    That process is started afresh and has a single thread, while this one may have many. A job that
    is not shareable is opened by each worker; of such a one the modules are shared.

    Args:
        job: What the workers do.
    """

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._template = context.Process(target=_serve_forks, args=(theirs, job), daemon=True)
        self._template.start()
        theirs.close()
        self._socket = socket.socket(fileno=os.dup(self._connection.fileno()))
        self._ask()

    def _ask(self) -> Any:
        try:
            kind, value = self._connection.recv()
        except (EOFError, OSError):
            raise LoaderError("the process that loads the networks for the others ended") from None
        if kind == BROKEN:
            raise value
        return value

    def start(self) -> tuple[int, Connection]:
        """See :class:`Launcher`."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._socket, [_REQUEST.pack(_START, 0)], [theirs.fileno()])
            process = self._ask()
        return process, Connection(ours.detach())

    def kill(self, process: int) -> int:
        """See :class:`Launcher`."""
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        self._socket.sendall(_REQUEST.pack(_ENDED, process))
        return self._ask()

    def close(self) -> None:
        """See :class:`Launcher`."""
        self._socket.close()
        self._connection.close()
        # Workers are killed by the system when this one ends, even in the middle of a photo.
        self._template.kill()
        self._template.join()


def _serve_forks(connection: Connection, job: Job) -> None:
    """Run in the process that workers are forked from, until the connection is closed."""
    single_threaded()
    try:
        answer = job.open() if job.shareable() else _only_modules(job)
    except SpotterError as error:
        connection.send((BROKEN, error))
        return
    connection.send((READY, None))
    with socket.socket(fileno=os.dup(connection.fileno())) as requests:
        while True:
            data, files, _, _ = socket.recv_fds(requests, _REQUEST.size, 1)
            if len(data) < _REQUEST.size:
                return
            kind, process = _REQUEST.unpack(data)
            if kind == _ENDED:
                status = os.waitpid(process, 0)[1]
                connection.send((READY, os.waitstatus_to_exitcode(status)))
                continue
            forked = os.fork()
            if not forked:
                connection.close()
                requests.close()
                _run_worker(files[0], job, answer)
            os.close(files[0])
            connection.send((READY, forked))


def _only_modules(job: Job) -> Answer | None:
    """Import what every job needs; nothing that starts threads."""
    import spotter.pipeline.spotter  # noqa: F401

    return None


def _run_worker(file: int, job: Job, answer: Answer | None) -> None:
    """The whole life of a forked worker."""
    status = 1
    try:
        die_with_parent()
        work(Connection(file), job, answer)
        status = 0
    finally:
        # Neither the parent's buffers are written again nor its exit handlers run.
        os._exit(status)


class SpawnLauncher:
    """Starts each worker afresh, for systems that cannot fork.

    Args:
        job: What the workers do.
    """

    def __init__(self, job: Job) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._job = job
        self._processes: dict[int, Any] = {}

    def start(self) -> tuple[int, Connection]:
        """See :class:`Launcher`."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_spawned, args=(theirs, self._job), daemon=True)
        process.start()
        theirs.close()
        self._processes[process.pid or 0] = process
        return process.pid or 0, ours

    def kill(self, process: int) -> int:
        """See :class:`Launcher`."""
        ended = self._processes.pop(process)
        ended.kill()
        ended.join()
        return int(ended.exitcode)

    def close(self) -> None:
        """See :class:`Launcher`."""
        for process in list(self._processes):
            self.kill(process)


def _spawned(connection: Connection, job: Job) -> None:
    single_threaded()
    work(connection, job)
