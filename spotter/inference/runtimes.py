"""Where a network runs: ONNX Runtime or torch, behind one call from array to array."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from spotter.errors import ConfigError, WeightsError

FRAMES = "frames"
RESCORER_INPUTS = ("rescorer_frames", "rescorer_tokens")
RESCORED = "log_probabilities"
"""Names in the ONNX file of a recognizer with a rescorer."""


class Runtime(Protocol):
    """A loaded network.

    Attributes:
        header: The header of its weights file (docs/architecture.md, "Weights").
        device: Where it really runs, such as ``"ONNX Runtime, CPU, 2 threads"``.
        rescores: Whether it has a rescorer, see :class:`spotter.recognizers.FourStageRecognizer`.
    """

    header: dict[str, Any]
    device: str
    rescores: bool

    def run(self, images: np.ndarray) -> np.ndarray:
        """Normalised RGB images (N, 3, H, W) float32 to the network's output, float32."""
        ...

    def run_with_frames(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Likewise; and the frames (N, T, C) by which a rescorer judges readings."""
        ...

    def rescore(self, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """(B,) log-probabilities of words, given the frames of their crop.

        Args:
            frames: (1, T, C) float32.
            tokens: (B, L + 2) int64, see :func:`spotter.decoding.attention_tokens`.
        """
        ...


class OnnxRuntime:
    """ONNX Runtime; torch is not imported.

    Args:
        path: An ``.onnx`` file with our header in its metadata.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: Threads per operator; default: the cores that this process may use.

    Raises:
        WeightsError: Not an ONNX file, or one without our header.
        ConfigError: The device is not available; there is no silent fallback.
    """

    def __init__(self, path: str | Path, device: str = "cpu", threads: int | None = None) -> None:
        import onnxruntime

        from spotter.engine.header import METADATA_KEY, decode_header

        providers = _onnx_providers(device, onnxruntime.get_available_providers())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _thread_count(threads)
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
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.header: dict[str, Any] = decode_header(metadata.get(METADATA_KEY), path)
        images = self._session.get_inputs()[0]
        self._input = images.name
        # ONNX Runtime asks for it even where no output depends on it.
        shape = [size if isinstance(size, int) else 1 for size in images.shape]
        self._no_image: np.ndarray = np.zeros(shape, np.float32)
        outputs = [output.name for output in self._session.get_outputs()]
        self._output = outputs[0]
        self.rescores = RESCORED in outputs
        # Seeing and judging are two graphs in one file; only the one that is asked for runs.
        self._options = onnxruntime.RunOptions()
        self._options.only_execute_path_to_fetches = True
        name = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        self.device = _describe("ONNX Runtime", name, options.intra_op_num_threads)

    def run(self, images: np.ndarray) -> np.ndarray:
        """See :class:`Runtime`."""
        return self._session.run([self._output], {self._input: images}, self._options)[0]

    def run_with_frames(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Runtime`."""
        wanted = [self._output, FRAMES]
        logits, frames = self._session.run(wanted, {self._input: images}, self._options)
        return logits, frames

    def rescore(self, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """See :class:`Runtime`."""
        given = dict(zip(RESCORER_INPUTS, (frames, tokens), strict=True))
        given[self._input] = self._no_image
        return self._session.run([RESCORED], given, self._options)[0]


class TorchRuntime:
    """torch in ``eval`` mode.

    Args:
        path: A ``.safetensors`` file of ours.
        device: A torch device, such as ``"cpu"`` or ``"cuda:0"``.
        threads: ``torch.set_num_threads``, which holds for the whole process; ``None`` leaves it.

    Raises:
        WeightsError: Not a weights file of ours.
        ConfigError: The device is not available.
    """

    def __init__(self, path: str | Path, device: str = "cpu", threads: int | None = None) -> None:
        import torch

        from spotter.engine.weights import build_from_weights

        if threads is not None:
            torch.set_num_threads(_thread_count(threads))
        model, self.header = build_from_weights(path)
        try:
            self._device = torch.device(device)
            self._model = model.to(self._device, memory_format=torch.channels_last)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).partition("\n")[0]
            raise ConfigError(f"device {device!r} is not available ({reason})") from None
        self.device = _describe("torch", str(self._device), torch.get_num_threads())
        self.rescores = getattr(self._model, "rescorer", None) is not None

    def run(self, images: np.ndarray) -> np.ndarray:
        """See :class:`Runtime`."""
        import torch

        inputs = torch.from_numpy(images).to(self._device)
        with torch.inference_mode():
            outputs = self._model(inputs.contiguous(memory_format=torch.channels_last))
        return outputs.float().cpu().numpy()

    def run_with_frames(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Runtime`."""
        import torch

        inputs = torch.from_numpy(images).to(self._device)
        with torch.inference_mode():
            seen = self._model.see(inputs.contiguous(memory_format=torch.channels_last))
        logits, frames = (each.float().cpu().numpy() for each in seen)
        return logits, frames

    def rescore(self, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """See :class:`Runtime`."""
        import torch

        given = [torch.from_numpy(each).to(self._device) for each in (frames, tokens)]
        with torch.inference_mode():
            return self._model.rescorer.log_probability(*given).cpu().numpy()


def open_runtime(
    path: str | Path,
    task: str,
    runtime: str = "onnx",
    device: str = "cpu",
    threads: int | None = None,
) -> Runtime:
    """Load weights for a task.

    Args:
        path: See :class:`OnnxRuntime` and :class:`TorchRuntime`.
        task: ``"detection"`` or ``"recognition"``.
        runtime: ``"onnx"`` or ``"torch"``.
        device: Where to run.
        threads: See the two classes.

    Raises:
        WeightsError: Unreadable, or weights for the other task.
        ConfigError: Unknown runtime or device.
    """
    kinds: dict[str, type[OnnxRuntime] | type[TorchRuntime]]
    kinds = {"onnx": OnnxRuntime, "torch": TorchRuntime}
    if runtime not in kinds:
        raise ConfigError(f"runtime is {' or '.join(map(repr, kinds))}, not {runtime!r}")
    loaded = kinds[runtime](path, device, threads)
    if loaded.header["task"] != task:
        raise WeightsError(f"{path}: holds weights for {loaded.header['task']}, not for {task}")
    return loaded


def _thread_count(threads: int | None) -> int:
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


def _describe(library: str, device: str, threads: int) -> str:
    if device.lower() != "cpu":
        return f"{library}, {device}"
    return f"{library}, CPU, {threads} thread{'s' if threads > 1 else ''}"
