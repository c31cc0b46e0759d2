"""From shared memory to the accelerator: copies that run while the step before is computed."""

from __future__ import annotations

import ctypes
import time
from collections import deque
from typing import Any

import torch
from torch import Tensor

from research.gpu.shared_batches import SharedBatch, SharedBatches


class DeviceBatches:
    """Batches as tensors on a device, some of them copied ahead.

    On CUDA the shared memory is registered as pinned, so the copies need no help of the processor;
    a batch's memory is given back to its worker when its copy is through.

    Args:
        batches: Where they come from.
        device: Where they go.
        ahead: Batches whose copies are under way at a time.

    Attributes:
        waited: Seconds in which no batch was ready, so far.
    """

    def __init__(self, batches: SharedBatches, device: torch.device, ahead: int = 2) -> None:
        self.batches = batches
        self.device = device
        self.ahead = ahead
        self.waited = 0.0
        self._queue: deque[tuple[dict[str, Tensor], Any]] = deque()
        self._copying: deque[tuple[Any, SharedBatch]] = deque()
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        if self._stream is not None:
            _pin(batches)

    def next(self) -> dict[str, Tensor]:
        """The tensors of the next batch; ``lengths`` stays on the host as ``host_lengths``, too."""
        while len(self._queue) < self.ahead:
            self._start()
        tensors, copied = self._queue.popleft()
        if copied is not None:
            current = torch.cuda.current_stream(self.device)
            current.wait_event(copied)
            for tensor in tensors.values():
                if tensor.is_cuda:
                    tensor.record_stream(current)
        return tensors

    def _start(self) -> None:
        began = time.perf_counter()
        batch = self.batches.next()
        self.waited += time.perf_counter() - began
        tensors = {name: torch.from_numpy(array) for name, array in batch.arrays.items()}
        lengths = tensors["lengths"].clone() if "lengths" in tensors else None
        if self._stream is None:
            tensors = {name: tensor.clone() for name, tensor in tensors.items()}
            self.batches.release(batch)
            copied = None
        else:
            with torch.cuda.stream(self._stream):
                tensors = {
                    name: tensor.to(self.device, non_blocking=True)
                    for name, tensor in tensors.items()
                }
                copied = torch.cuda.Event()
                copied.record(self._stream)
            self._copying.append((copied, batch))
            while self._copying and (
                len(self._copying) > self.ahead or self._copying[0][0].query()
            ):
                event, done = self._copying.popleft()
                event.synchronize()
                self.batches.release(done)
        if lengths is not None:
            tensors["host_lengths"] = lengths
        self._queue.append((tensors, copied))


def _pin(batches: SharedBatches) -> None:
    """Register the shared memory with the driver; copies still work where that is refused."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(batches.memory))
    status = torch.cuda.cudart().cudaHostRegister(address, len(batches.memory), 0)
    if int(status) != 0:
        print(f"shared memory could not be pinned (CUDA error {int(status)})", flush=True)
