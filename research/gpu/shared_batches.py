"""Batches that worker processes write into memory which they share with the training process.

A loader that sends samples one by one spends more on the sending than on the making, once a crop
takes a tenth of a millisecond. Here a worker fills a whole batch in place, and nothing but a few
numbers goes through a queue.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import queue
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

import cv2
import numpy as np

from spotter.data.randomness import rng
from spotter.errors import ConfigError, LoaderError

_ALIGNMENT = 4096
_POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Field:
    """One array of a batch.

    Attributes:
        shape: Its largest shape; a batch may use less of it.
        dtype: Name of its numpy type.
    """

    shape: tuple[int, ...]
    dtype: str = "uint8"

    @property
    def nbytes(self) -> int:
        """Bytes that the largest shape takes."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class BatchMaker(Protocol):
    """What makes batches: its chance comes from numpy's global state alone."""

    def fields(self) -> dict[str, Field]:
        """The arrays of a batch by name."""

    def fill(self, arrays: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
        """Write one batch into flat arrays of the fields' sizes; the shapes that were written."""


@dataclass
class SharedBatch:
    """A batch, valid until it is released.

    Attributes:
        number: Its place in the sequence, which determines its contents.
        arrays: Views of the shared memory by name.
    """

    number: int
    arrays: dict[str, np.ndarray]


class SharedBatches:
    """An endless sequence of batches from worker processes, in order and reproducible.

    Batch n is drawn with numpy's global generator seeded by ``(seed, n)``: the number of workers
    changes nothing. Workers are forked, so make it before anything uses an accelerator; the memory
    is an anonymous map, to which the limits of ``/dev/shm`` do not apply.

    Args:
        maker: Makes the batches; lives on in the forked workers.
        workers: Number of processes; 0: batches are made when asked for, in this process.
        slots: Batches that have room at a time, those given out and not released included; rounded
            up to the same number for each worker.
        seed: See above.
        start: Number of the first batch.

    Raises:
        ConfigError: No slots.
    """

    def __init__(
        self, maker: BatchMaker, workers: int, slots: int = 8, seed: int = 0, start: int = 0
    ) -> None:
        if slots < 1:
            raise ConfigError(f"batches need at least one slot, got {slots}")
        self.maker = maker
        self.fields = maker.fields()
        self.seed = seed
        self.number = start
        # Each slot belongs to one worker: a quick one must not take it before a slow one's turn.
        self.slots = -(-slots // max(workers, 1)) * max(workers, 1)
        self.slot_bytes = sum(_aligned(field.nbytes) for field in self.fields.values())
        self.memory = mmap.mmap(-1, self.slot_bytes * self.slots)
        context = multiprocessing.get_context("fork")
        self._free = [context.Semaphore(1) for _ in range(self.slots)]
        self._notes: list[Any] = [context.Queue() for _ in range(workers)]
        self._workers: list[BaseProcess] = []
        # A forked process that touches OpenCV's threads waits for ever for those of its parent:
        # they end before the fork, and the processes do without.
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        for place in range(workers):
            worker = context.Process(target=self._work, args=(place, start), daemon=True)
            worker.start()
            self._workers.append(worker)
        cv2.setNumThreads(threads)

    def __iter__(self) -> Iterator[SharedBatch]:
        while True:
            yield self.next()

    def next(self) -> SharedBatch:
        """The next batch, waiting for it if necessary.

        Raises:
            LoaderError: A worker failed or was killed.
        """
        number = self.number
        if self._workers:
            shapes = self._receive(number)
        else:
            self._free[number % self.slots].acquire()
            shapes = self._make(number)
        self.number += 1
        flat = self._slot(number)
        arrays = {
            name: flat[name][: int(np.prod(shape))].reshape(shape) for name, shape in shapes.items()
        }
        return SharedBatch(number, arrays)

    def release(self, batch: SharedBatch) -> None:
        """Give a batch's memory back; its arrays must not be read any more."""
        self._free[batch.number % self.slots].release()

    def stop(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.join()
        self._workers.clear()

    def _receive(self, number: int) -> dict[str, tuple[int, ...]]:
        place = number % len(self._workers)
        while True:
            try:
                made, shapes, error = self._notes[place].get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if not self._workers[place].is_alive():
                    raise LoaderError(f"the process that makes batch {number} ended") from None
                continue
            if error:
                raise LoaderError(f"batch {made}: {error}")
            return shapes

    def _work(self, place: int, start: int) -> None:
        # Handlers of the process that trains would only take note.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        parent = os.getppid()
        count = len(self._notes)
        number = start + (place - start) % count
        while True:
            free = self._free[number % self.slots]
            while not free.acquire(timeout=_POLL_SECONDS):
                if os.getppid() != parent:
                    return
            try:
                self._notes[place].put((number, self._make(number), ""))
            except Exception as error:
                self._notes[place].put((number, {}, f"{type(error).__name__}: {error}"))
                return
            number += count

    def _make(self, number: int) -> dict[str, tuple[int, ...]]:
        rng.seed(np.random.SeedSequence([self.seed, number]).generate_state(4))
        return self.maker.fill(self._slot(number))

    def _slot(self, number: int) -> dict[str, np.ndarray]:
        """Flat arrays over a batch's memory."""
        offset = number % self.slots * self.slot_bytes
        arrays = {}
        for name, field in self.fields.items():
            count = int(np.prod(field.shape))
            arrays[name] = np.frombuffer(self.memory, field.dtype, count, offset)
            offset += _aligned(field.nbytes)
        return arrays


def _aligned(count: int) -> int:
    return -(-count // _ALIGNMENT) * _ALIGNMENT
