"""Worker processes of loaders when a signal ends the run."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from functools import partial

from torch.utils.data import DataLoader


def leave_signals_to_parent(loader: DataLoader) -> DataLoader:
    """The loader, whose workers leave Ctrl-C and SIGTERM to the main process.

    Either may reach the whole process group. Only the main process answers it, after the iteration,
    and it must find its workers alive until then.
    """
    loader.worker_init_fn = partial(_start_worker, loader.worker_init_fn)
    return loader


def _start_worker(then: Callable[[int], None] | None, worker_id: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "sigwaitinfo"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_await_end, args=(os.getppid(),), daemon=True).start()
    if then is not None:
        then(worker_id)


def _await_end(parent: int) -> None:
    """End this process when its parent asks for it; status 0, as others alarm the parent."""
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent:
        pass
    os._exit(0)
