"""Inference libraries imported without their telemetry.

ONNX Runtime (from 1.28) looks up an event host of Microsoft and keeps a device id below
``~/.cache/Microsoft``; OpenVINO reports each import to Google Analytics and keeps a client id in
``~/intel``. Both are off, unless the environment has ``SPOTTER_TELEMETRY=1``.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from types import ModuleType
from typing import Any

OPT_IN = "SPOTTER_TELEMETRY"
"""Environment variable; ``1`` leaves the telemetry of the libraries as their makers set it."""

_IMPORTING = threading.Lock()


def import_onnxruntime() -> Any:
    """The module ``onnxruntime``, with telemetry off.

    Where the caller has imported it before, events are stopped from now on.
    """
    if _wanted():
        return importlib.import_module("onnxruntime")
    # Read once, when the library starts; there is no identifier and no uploader with it.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = importlib.import_module("onnxruntime")
    stop = getattr(onnxruntime, "disable_telemetry_events", None)
    if stop is not None:
        stop()
    return onnxruntime


def import_openvino() -> Any:
    """The module ``openvino``, without the package ``openvino_telemetry``.

    OpenVINO works without that package, and has a stub for it; there is no other switch that
    writes nothing into the home folder.
    """
    if _wanted() or "openvino" in sys.modules:
        return importlib.import_module("openvino")
    with _IMPORTING:
        name = "openvino_telemetry"
        before: ModuleType | None = sys.modules.get(name)
        # An entry of None makes the import system say that there is no such package.
        sys.modules[name] = None  # type: ignore[assignment]
        try:
            return importlib.import_module("openvino")
        finally:
            if before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = before


def _wanted() -> bool:
    return os.environ.get(OPT_IN, "").strip() == "1"
