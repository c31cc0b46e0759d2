"""Building models from untrusted headers: sizes are checked before memory is used."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from spotter.errors import SpotterError, WeightsError
from spotter.io.names import one_line, printable_path
from spotter.registry import MODELS

_MAX_PARTS = 50_000
_MAX_SECONDS = 30.0
# Tables that are computed when a model is built, such as encodings of positions, are in no file.
_MAX_UNSAVED_VALUES = 1 << 26


def build_to_fit(
    config: Mapping[str, Any], shapes: Mapping[str, Sequence[int]], path: str | Path
) -> nn.Module:
    """Build a model whose tensors are those of a file.

    It is built on the meta device first, where a tensor has a shape and no memory, and only one
    that fits the file is built again with memory. Both stop at 50,000 layers and tensors, or after
    30 seconds of the processor, so that a busy machine refuses nothing.

    Args:
        config: Passed by :func:`spotter.training.header.buildable_config`.
        shapes: Names and shapes of the file's tensors.
        path: The file, for messages.

    Raises:
        WeightsError: The model cannot be built, or does not fit.
    """
    name = printable_path(path)
    with torch.device("meta"):
        skeleton = _build(config, name)
    own = {key: tuple(tensor.shape) for key, tensor in skeleton.state_dict().items()}
    given = {key: tuple(shape) for key, shape in shapes.items()}
    wrong = [key for key, shape in own.items() if given.get(key) != shape]
    wrong += [key for key in given if key not in own]
    if wrong:
        shown = ", ".join(printable_path(key[:100]) for key in wrong[:4])
        more = f", and {len(wrong) - 4} more" if len(wrong) > 4 else ""
        raise WeightsError(f"{name}: tensors do not fit the header's model: {shown}{more}")
    unsaved = sum(buffer.numel() for key, buffer in skeleton.named_buffers() if key not in own)
    if unsaved > _MAX_UNSAVED_VALUES:
        raise WeightsError(f"{name}: the header's model asks for tables of {unsaved} values")
    return _build(config, name)


def _build(config: Mapping[str, Any], name: str) -> nn.Module:
    try:
        with _bounded_building():
            return MODELS.build(copy.deepcopy(dict(config)))
    except SpotterError as error:
        raise WeightsError(f"{name}: the model of the header: {error}") from None
    except Exception as error:
        # Untrusted arguments can make a constructor raise anything.
        reason = one_line(error, 120)
        raise WeightsError(f"{name}: the model of the header cannot be built ({reason})") from None


@contextmanager
def _bounded_building() -> Iterator[None]:
    """Stops the building of a model of too many layers, in this thread."""
    thread, end = threading.get_ident(), time.thread_time() + _MAX_SECONDS
    count = 0

    # Layers that are made in one go are in no other layer yet, but each has parameters.
    def count_part(module: nn.Module, name: str, part: Any) -> None:
        nonlocal count
        if threading.get_ident() != thread:
            return
        count += 1
        if count > _MAX_PARTS or time.thread_time() > end:
            raise ValueError(f"more than {_MAX_PARTS} layers and tensors, or {_MAX_SECONDS:g} s")

    handles = [
        register_module_module_registration_hook(count_part),
        register_module_parameter_registration_hook(count_part),
        register_module_buffer_registration_hook(count_part),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
