"""Checks of untrusted ONNX files before a session is opened, without the package onnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spotter.errors import WeightsError
from spotter.io.bounded import MEBI, failures_as, read_file
from spotter.io.names import printable_path
from spotter.runtime.protobuf import fields

# Numbers of fields in onnx.proto: of ModelProto, GraphProto, TensorProto, StringStringEntryProto.
_GRAPH, _METADATA_PROPS = 7, 14
_INITIALIZER = 5
_DATA_TYPE, _FLOAT_DATA, _TENSOR_NAME, _RAW_DATA = 2, 4, 8, 9
_KEY, _VALUE = 1, 2

_FLOAT_TYPES = {1: "<f4", 10: "<f2", 11: "<f8"}
# Protobuf itself allows no larger files.
_MAX_FILE = 2048 * MEBI
_MAX_METADATA = 8 * MEBI


def read_onnx_metadata(path: str | Path, check_weights: bool = False) -> dict[str, str]:
    """``metadata_props`` of an ONNX file.

    Args:
        path: The file.
        check_weights: Also refuse weights that are NaN or +infinity: a network with such weights
            finds nothing and reports no error. Negative infinity passes: it is how attention is
            masked.

    Raises:
        WeightsError: Missing file, not an ONNX model, or such a weight, whose tensor is named.
    """
    name = printable_path(path)
    entries: dict[str, str] = {}
    content = memoryview(read_file(path, WeightsError, _MAX_FILE))
    size = 0
    with failures_as(WeightsError, name, "not an ONNX file"):
        for number, value in fields(content):
            if not isinstance(value, memoryview):
                continue
            if number == _METADATA_PROPS:
                size += len(value)
                if size > _MAX_METADATA:
                    raise ValueError("too much metadata")
                entry = {
                    n: bytes(part) for n, part in fields(value) if isinstance(part, memoryview)
                }
                key, text = entry.get(_KEY, b""), entry.get(_VALUE, b"")
                entries[key.decode("utf-8")] = text.decode("utf-8")
            elif number == _GRAPH and check_weights:
                _check_weights(value, name)
    return entries


def _text(value: int | memoryview) -> str:
    if isinstance(value, int):
        raise ValueError("damaged metadata")
    return bytes(value).decode("utf-8")


def _check_weights(graph: memoryview, name: str) -> None:
    for number, value in fields(graph):
        if number != _INITIALIZER or not isinstance(value, memoryview):
            continue
        tensor = dict(fields(value))
        kind = tensor.get(_DATA_TYPE)
        data = tensor.get(_RAW_DATA, tensor.get(_FLOAT_DATA))
        if (
            not isinstance(kind, int)
            or kind not in _FLOAT_TYPES
            or not isinstance(data, memoryview)
        ):
            continue
        dtype = np.dtype(_FLOAT_TYPES[kind])
        values = np.frombuffer(data, dtype, len(data) // dtype.itemsize)
        if np.isnan(values).any() or np.isposinf(values).any():
            label = _text(tensor.get(_TENSOR_NAME, memoryview(b"a tensor")))
            raise WeightsError(
                f"{name}: {printable_path(label[:80])} holds weights that are no numbers"
            )
