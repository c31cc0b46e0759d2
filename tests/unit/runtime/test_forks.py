"""A process that was forked after a network was loaded reads with it, or says that it cannot."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.errors import ConfigError
from spotter.hub.resolution import WEIGHTS_FOLDER
from spotter.runtime.runtimes import open_runtime
from tests.unit.pipeline.networks import bright_detector

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

_SECONDS = 40
_DONE, _REFUSED, _FAILED = 0, 3, 4


def status_of_child(work: Callable[[], bool]) -> int:
    """How a forked process ends that does some work; one that waits for ever is killed."""
    child = os.fork()
    if child == 0:
        status = _FAILED
        try:
            status = _DONE if work() else _FAILED
        except ConfigError:
            status = _REFUSED
        finally:
            os._exit(status)
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the child hangs")


def images() -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    # Uses OpenCV's threads, as preprocessing does.
    large = cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA)
    return large.transpose(2, 0, 1)[None].astype(np.float32) / 255


def test_onnx_runtime_opens_its_file_anew(tmp_path: Path) -> None:
    runtime = open_runtime(bright_detector(tmp_path / "d.onnx"), "detection", "onnx", threads=2)
    expected = runtime.run(images())

    def work() -> bool:
        return bool(np.array_equal(runtime.run(images()), expected))

    assert status_of_child(work) == _DONE
    # The parent is as it was.
    assert work()


def test_openvino_says_that_it_cannot(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    path = bright_detector(tmp_path / "d.onnx")
    runtime = open_runtime(path, "detection", "openvino", threads=2)
    runtime.run(images())
    assert status_of_child(lambda: runtime.run(images()) is None) == _REFUSED


def test_torch_goes_on_with_one_thread() -> None:
    pytest.importorskip("safetensors")
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    try:
        weights = WEIGHTS_FOLDER / "dbnet_mobilenetv3.safetensors"
        runtime = open_runtime(weights, "detection", "torch", threads=2)
        expected = runtime.run(images())

        def work() -> bool:
            close = np.allclose(runtime.run(images()), expected, atol=1e-4)
            return close and torch.get_num_threads() == 1

        assert status_of_child(work) == _DONE
    finally:
        torch.set_num_threads(threads)
