"""Where a network runs: OpenVINO, ONNX Runtime or torch, each behind the same calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from spotter.errors import ConfigError, WeightsError
from spotter.runtime.forks import HomeProcess
from spotter.runtime.header_schema import check_servable
from spotter.runtime.onnx import OnnxRuntime, describe, thread_count
from spotter.runtime.openvino import OpenVinoRuntime, is_quicker
from spotter.runtime.preprocessing import Normalizer

if TYPE_CHECKING:
    from spotter.models.recognition.four_stage import FourStageRecognizer

RUNTIMES = ("auto", "onnx", "openvino", "torch")


class Runtime(Protocol):
    """A loaded network.

    Attributes:
        header: The header of its weights file (docs/architecture.md, "Weights").
        device: Runtime, device and threads in one line, such as ``"ONNX Runtime, CPU, 2 threads"``.
        rescores: Whether it has a rescorer, see
            :class:`spotter.models.recognition.FourStageRecognizer`.
    """

    header: dict[str, Any]
    device: str
    rescores: bool

    def run(self, images: np.ndarray) -> np.ndarray:
        """Normalised RGB images (N, 3, H, W) float32 to the network's output, float32."""
        ...

    def run_pixels(self, images: Sequence[np.ndarray], normalize: Normalizer) -> np.ndarray:
        """As ``run``, for N images (H, W, 3) uint8 BGR of one size, which are normalised first."""
        ...

    def run_with_frames(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The output of ``run``, and the frames (N, T, C) that :meth:`rescore` takes."""
        ...

    def rescore(self, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """(B,) log-probabilities of words, given the frames of their crop.

        Args:
            frames: (1, T, C) float32.
            tokens: (B, L + 2) int64, see :func:`spotter.decoding.ctc.attention_tokens`.
        """
        ...


class TorchRuntime:
    """torch in ``eval`` mode. A forked child computes with one thread, because torch cannot use
    more there.

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

        from spotter.training.weights import build_from_weights

        self._home = HomeProcess(self)
        if threads is not None:
            torch.set_num_threads(thread_count(threads))
        model, self.header = build_from_weights(path)
        try:
            self._device = torch.device(device)
            self._model = model.to(self._device).to(memory_format=torch.channels_last)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).partition("\n")[0]
            raise ConfigError(f"device {device!r} is not available ({reason})") from None
        self.device = describe("torch", str(self._device), torch.get_num_threads())
        self._rescorer: Any = getattr(self._model, "rescorer", None)
        self.rescores = self._rescorer is not None

    def run(self, images: np.ndarray) -> np.ndarray:
        """See :class:`Runtime`."""
        import torch

        self._arrive()
        inputs = torch.from_numpy(images).to(self._device)
        with torch.inference_mode():
            outputs = self._model(inputs.contiguous(memory_format=torch.channels_last))
        return outputs.float().cpu().numpy()

    def _arrive(self) -> None:
        """Prepare a forked child process for its first computation.

        Raises:
            ConfigError: The device does not cross a fork.
        """
        if self._home.is_here():
            return
        import torch

        if self._device.type != "cpu":
            raise ConfigError(
                f"device {self._device} does not work in a process that was forked after it was"
                " used; load the network in that process, or start that with the method 'spawn'"
            )
        torch.set_num_threads(1)
        self._home = HomeProcess(self)

    def run_pixels(self, images: Sequence[np.ndarray], normalize: Normalizer) -> np.ndarray:
        """See :class:`Runtime`."""
        return self.run(normalize(images))

    def run_with_frames(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Runtime`."""
        import torch

        self._arrive()
        inputs = torch.from_numpy(images).to(self._device)
        with torch.inference_mode():
            recognizer = cast("FourStageRecognizer", self._model)
            outputs = recognizer.forward_with_frames(
                inputs.contiguous(memory_format=torch.channels_last)
            )
        logits, frames = (each.float().cpu().numpy() for each in outputs)
        return logits, frames

    def rescore(self, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """See :class:`Runtime`."""
        import torch

        self._arrive()
        given = [torch.from_numpy(each).to(self._device) for each in (frames, tokens)]
        with torch.inference_mode():
            return self._rescorer.log_probability(*given).cpu().numpy()


def open_runtime(
    path: str | Path,
    task: str,
    runtime: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
) -> Runtime:
    """Load weights for a task.

    Args:
        path: See :class:`OnnxRuntime` and :class:`TorchRuntime`.
        task: ``"detection"`` or ``"recognition"``.
        runtime: ``"onnx"`` (ONNX Runtime), ``"openvino"``, ``"torch"``, or ``"auto"``: OpenVINO
            where it is quicker, which is on CPUs with instructions for bfloat16, else ONNX Runtime;
            torch for a ``.safetensors`` file.
        device: Where to run.
        threads: See the classes.

    Raises:
        WeightsError: Unreadable, or weights for the other task.
        ConfigError: Unknown runtime or device.
    """
    if runtime == "auto" and Path(path).suffix == ".safetensors":
        runtime = "torch"
    elif runtime == "auto":
        runtime = "openvino" if is_quicker(device) else "onnx"
    kinds: dict[str, type[OnnxRuntime] | type[OpenVinoRuntime] | type[TorchRuntime]]
    kinds = {"onnx": OnnxRuntime, "openvino": OpenVinoRuntime, "torch": TorchRuntime}
    if runtime not in kinds:
        raise ConfigError(f"runtime is one of {', '.join(RUNTIMES)}, not {runtime!r}")
    loaded = kinds[runtime](path, device, threads)
    if loaded.header["task"] != task:
        raise WeightsError(f"{path}: holds weights for {loaded.header['task']}, not for {task}")
    check_servable(loaded.header, str(path))
    return loaded
