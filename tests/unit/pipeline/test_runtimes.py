"""Where networks run, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from spotter.errors import ConfigError, WeightsError
from spotter.runtime.onnx import OnnxRuntime
from spotter.runtime.runtimes import open_runtime
from tests.unit.pipeline.networks import bright_detector, detector_header


def test_run_and_header(tmp_path: Path) -> None:
    runtime = OnnxRuntime(bright_detector(tmp_path / "d.onnx"), threads=2)
    assert runtime.header == detector_header()
    assert runtime.device == "ONNX Runtime, CPU, 2 threads"
    images = np.full((2, 3, 32, 64), 0.6, np.float32)
    probability = runtime.run(images)
    assert probability.shape == (2, 1, 32, 64)
    np.testing.assert_allclose(probability, 0.5, atol=1e-5)


def test_memory_does_not_grow_with_shapes(tmp_path: Path) -> None:
    status = Path("/proc/self/statm")
    if not status.exists():
        pytest.skip("needs /proc")
    runtime = OnnxRuntime(bright_detector(tmp_path / "d.onnx"), threads=1)
    rng = np.random.default_rng(0)

    def resident() -> float:
        return int(status.read_text().split()[1]) * 4096 / 2**20

    def many() -> None:
        for height, width in rng.integers(1, 33, (60, 2)) * 32:
            runtime.run(np.zeros((1, 3, height, width), np.float32))

    # The allocator of a process that has done much settles slowly.
    for _ in range(3):
        many()
    before = resident()
    many()
    # One input of the largest shape has 12 MiB.
    assert resident() - before < 24


def test_refusals(tmp_path: Path) -> None:
    path = bright_detector(tmp_path / "d.onnx")
    with pytest.raises(WeightsError, match="for detection, not for recognition"):
        open_runtime(path, "recognition")
    with pytest.raises(ConfigError, match="runtime"):
        open_runtime(path, "detection", "tflite")
    for device in ("gpu", "cpu:1", "cuda:x"):
        with pytest.raises(ConfigError, match="device"):
            OnnxRuntime(path, device)
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"not a graph")
    with pytest.raises(WeightsError, match=r"junk\.onnx: not an ONNX file"):
        OnnxRuntime(junk)
    broken = onnx.load(str(path))
    broken.graph.node[0].op_type = "NoSuchOperator"
    onnx.save(broken, str(junk))
    with pytest.raises(WeightsError, match=r"junk\.onnx: ONNX Runtime cannot load it"):
        OnnxRuntime(junk)
    foreign = onnx.load(str(path))
    del foreign.metadata_props[:]
    onnx.save(foreign, str(junk))
    with pytest.raises(WeightsError, match="no spotter header"):
        OnnxRuntime(junk)


def test_an_absent_gpu_is_an_error(tmp_path: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is one")
    with pytest.raises(ConfigError, match="not available"):
        OnnxRuntime(bright_detector(tmp_path / "d.onnx"), "cuda")
