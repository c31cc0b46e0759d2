"""What a loaded network needs where its process forks.

Threads do not survive a fork: a child that waits for a thread of its parent waits for ever.
"""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from typing import Any
from weakref import WeakSet

import cv2

_opencv_threads = 1
_networks: WeakSet[Any] = WeakSet()


class HomeProcess:
    """The process in which a network was loaded; made in that process.

    Args:
        network: It is never freed in child processes, because freeing it would wait for its
            threads.
    """

    def __init__(self, network: Any) -> None:
        self._pid = os.getpid()
        _networks.add(network)
        _guard_forks()

    def is_here(self) -> bool:
        """Whether this is that process."""
        return os.getpid() == self._pid


def abandon(value: Any) -> None:
    """Keep a value alive until the process ends, even when nothing else refers to it."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


@lru_cache(maxsize=1)
def _guard_forks() -> None:
    """From now on OpenCV's threads end before a fork, and the child does without."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=_end_threads, after_in_parent=_begin_threads, after_in_child=_abandon_networks
        )


def _end_threads() -> None:
    global _opencv_threads
    _opencv_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)


def _begin_threads() -> None:
    cv2.setNumThreads(_opencv_threads)


def _abandon_networks() -> None:
    for network in list(_networks):
        abandon(network)
