"""ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotter.errors import ConfigError, WeightsError
from spotter.runtime.forks import HomeProcess, abandon
from spotter.runtime.header import read_header
from spotter.runtime.header_schema import check_classes
from spotter.runtime.preprocessing import Normalizer
from spotter.runtime.telemetry import import_onnxruntime

FRAMES = "frames"
RESCORER_INPUTS = ("rescorer_frames", "rescorer_tokens")
RESCORED = "log_probabilities"
"""Names in the ONNX file of a recognizer with a rescorer."""


class OnnxRuntime:
    """ONNX Runtime; torch is not imported. A child that was forked opens the file anew.

    Args:
        path: An ``.onnx`` file with our header in its metadata.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: Threads per operator; default: the cores that this process may use.

    Raises:
        WeightsError: Not an ONNX file, or one without our header or with weights that are NaN.
        ConfigError: The device is not available; there is no silent fallback.
    """

    def __init__(self, path: str | Path, device: str = "cpu", threads: int | None = None) -> None:
        self._arguments = (path, device, threads)
        self._home = HomeProcess(self)
        # The header and the weights are checked before a session is built.
        self.header: dict[str, Any] = read_header(path, check_weights=True)
        onnxruntime = import_onnxruntime()
        providers = _onnx_providers(device, onnxruntime.get_available_providers())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_count(threads)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Photos come in many shapes, and a memory pattern would be kept for each of them.
        options.enable_mem_pattern = False
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=providers
            )
        except Exception as error:
            reason = " ".join(str(error).split())[:160]
            raise WeightsError(f"{path}: ONNX Runtime cannot load it ({reason})") from None
        images = self._session.get_inputs()[0]
        self._input = images.name
        # ONNX Runtime asks for it even where no output depends on it.
        shape = [size if isinstance(size, int) else 1 for size in images.shape]
        self._no_image: np.ndarray = np.zeros(shape, np.float32)
        check_classes(self.header, self._session.get_outputs()[0].shape[-1], str(path))
        outputs = [output.name for output in self._session.get_outputs()]
        self._output = outputs[0]
        self.rescores = RESCORED in outputs
        # The file holds two graphs, the recognizer and its rescorer; only the requested one runs.
        self._options = onnxruntime.RunOptions()
        self._options.only_execute_path_to_fetches = True
        name = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        self.device = describe("ONNX Runtime", name, options.intra_op_num_threads)

    def run(self, images: np.ndarray) -> np.ndarray:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        return self._opened().run([self._output], {self._input: images}, self._options)[0]

    def _opened(self) -> Any:
        """The session, of this process."""
        if not self._home.is_here():
            abandon(self._session)
            self.__init__(*self._arguments)  # type: ignore[misc]
        return self._session

    def run_pixels(self, images: Sequence[np.ndarray], normalize: Normalizer) -> np.ndarray:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        return self.run(normalize(images))

    def run_with_frames(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        wanted = [self._output, FRAMES]
        logits, frames = self._opened().run(wanted, {self._input: images}, self._options)
        return logits, frames

    def rescore(self, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """See :class:`spotter.runtime.runtimes.Runtime`."""
        given = dict(zip(RESCORER_INPUTS, (frames, tokens), strict=True))
        given[self._input] = self._no_image
        return self._opened().run([RESCORED], given, self._options)[0]


def thread_count(threads: int | None) -> int:
    """The number of threads; ``None``: one per core that this process may use."""
    if threads is None:
        # The machine may have more cores than this process is allowed to use.
        usable = getattr(os, "sched_getaffinity", None)
        return len(usable(0)) if usable else os.cpu_count() or 1
    if threads < 1:
        raise ConfigError(f"threads must be at least 1, got {threads}")
    return threads


def _onnx_providers(device: str, available: list[str]) -> list[Any]:
    kind, _, number = device.partition(":")
    if kind == "cpu" and not number:
        # Blocks of the size asked for: by default the arena doubles with every new shape.
        return [("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})]
    if kind != "cuda" or (number and not number.isdigit()):
        raise ConfigError(f"device is 'cpu', 'cuda' or 'cuda:N' for ONNX Runtime, not {device!r}")
    if "CUDAExecutionProvider" not in available:
        raise ConfigError(
            f"device {device!r} is not available: this onnxruntime has no CUDA"
            " (pip install onnxruntime-gpu)"
        )
    return [("CUDAExecutionProvider", {"device_id": int(number or 0)})]


def describe(library: str, device: str, threads: int) -> str:
    """One line that names the runtime, the device and the threads of a network."""
    if device.lower() != "cpu":
        return f"{library}, {device}"
    return f"{library}, CPU, {threads} thread{'s' if threads > 1 else ''}"
