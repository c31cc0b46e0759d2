"""OpenVINO for CPUs that compute in bfloat16, which ONNX Runtime does not do there."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from spotter.errors import ConfigError
from spotter.runtime.forks import HomeProcess
from spotter.runtime.onnx import RESCORED, OnnxRuntime, describe, thread_count
from spotter.runtime.preprocessing import Normalizer
from spotter.runtime.telemetry import import_openvino

_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16"})
# Kernels that are kept for shapes seen before; a photo's shape needs about a hundred.
_KERNELS = 500


@lru_cache(maxsize=1)
def computes_in_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor has instructions for bfloat16; not known outside Linux on x86."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not _INSTRUCTIONS.isdisjoint(flags.partition(":")[2].split())


def is_quicker(device: str) -> bool:
    """Whether OpenVINO is installed and faster than ONNX Runtime on a device."""
    return device == "cpu" and find_spec("openvino") is not None and computes_in_bfloat16()


@lru_cache(maxsize=1)
def _core() -> Any:
    """The one ``openvino.Core`` of the process, which is kept until the process ends.

    Each Core installs an alternate signal stack and restores the previous one when it is freed.
    With two of them, a later signal would be handled on freed memory.
    """
    return import_openvino().Core()


class OpenVinoRuntime:
    """OpenVINO on the CPU, in bfloat16 where the processor has instructions for it.

    See :class:`spotter.runtime.runtimes.Runtime`. A rescorer, which is small, runs on ONNX
    Runtime: OpenVINO takes the inputs that it has in a recognizer's file for constants.

    Args:
        path: An ``.onnx`` file with our header in its metadata.
        device: ``"cpu"``.
        threads: Default: the cores that this process may use.

    Raises:
        WeightsError: Not an ONNX file, or one without our header.
        ConfigError: Another device, or OpenVINO is not installed.
    """

    def __init__(self, path: str | Path, device: str = "cpu", threads: int | None = None) -> None:
        if device != "cpu":
            raise ConfigError(f"device is 'cpu' for OpenVINO, not {device!r}")
        if find_spec("openvino") is None:
            raise ConfigError("runtime 'openvino' needs that package (pip install openvino)")
        self._onnx = OnnxRuntime(path, device, threads)
        self._home = HomeProcess(self)
        self.header: dict[str, Any] = self._onnx.header
        self.rescores = self._onnx.rescores
        precision = "bf16" if computes_in_bfloat16() else "f32"
        count = thread_count(threads)
        self._options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": count,
            # Several processes would all be pinned to the same cores.
            "ENABLE_CPU_PINNING": False,
            "ENABLE_HYPER_THREADING": True,
            "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS,
        }
        self._core = _core()
        self._path = str(path)
        self._compiled: dict[tuple[float, ...], Any] = {}
        self._lock = threading.Lock()
        self._own = threading.local()
        self.device = describe(f"OpenVINO, {precision}", "cpu", count)

    def run(self, images: np.ndarray) -> np.ndarray:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        return self._infer(images)[0]

    def run_pixels(self, images: Sequence[np.ndarray], normalize: Normalizer) -> np.ndarray:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        pixels = images[0][None] if len(images) == 1 else np.stack(images)
        return self._infer(pixels, (*normalize.mean, *normalize.std))[0]

    def run_with_frames(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        logits, frames = self._infer(images)
        return logits, frames

    def rescore(self, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        return self._onnx.rescore(frames, tokens)

    def _infer(self, images: np.ndarray, table: tuple[float, ...] = ()) -> list[np.ndarray]:
        """All outputs, as arrays of the caller's; see :meth:`_compile`."""
        if not self._home.is_here():
            raise ConfigError(
                f"{self._path}: OpenVINO does not work in a process that was forked after it was"
                " loaded; load it in that process, or start that with the method 'spawn'"
            )
        requests = self._own.__dict__.setdefault("requests", {})
        if table not in requests:
            # A request belongs to one thread at a time.
            requests[table] = self._compile(table).create_infer_request()
        return list(requests[table].infer([images], share_inputs=True).values())

    def _compile(self, table: tuple[float, ...]) -> Any:
        """The network; with the means and deviations of three channels, one that takes pixels."""
        with self._lock:
            if table not in self._compiled:
                model = self._core.read_model(self._path)
                names = [result.input_value(0).get_names() for result in model.get_results()]
                for result, own in zip(model.get_results(), names, strict=True):
                    if RESCORED in own:
                        model.remove_result(result)
                if table:
                    model = _taking_pixels(model, list(table[:3]), list(table[3:]))
                self._compiled[table] = self._core.compile_model(model, "CPU", self._options)
            return self._compiled[table]


def _taking_pixels(model: Any, mean: list[float], std: list[float]) -> Any:
    """A model that normalises (N, H, W, 3) uint8 BGR by itself."""
    from openvino import Layout, Type
    from openvino.preprocess import ColorFormat, PrePostProcessor

    steps = PrePostProcessor(model)
    pixels = steps.input().tensor().set_element_type(Type.u8).set_layout(Layout("NHWC"))
    pixels.set_color_format(ColorFormat.BGR)
    floats = steps.input().preprocess().convert_element_type(Type.f32)
    floats.convert_color(ColorFormat.RGB).mean(mean).scale(std)
    steps.input().model().set_layout(Layout("NCHW"))
    return steps.build()
