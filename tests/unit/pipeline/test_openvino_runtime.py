"""OpenVINO: the same answers as ONNX Runtime, in less time where there is bfloat16."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from spotter.errors import ConfigError, WeightsError
from spotter.hub.resolution import weights_file
from spotter.pipeline.recognizer import TextRecognizer
from spotter.runtime import openvino as openvino_runtime
from spotter.runtime.onnx import OnnxRuntime
from spotter.runtime.openvino import OpenVinoRuntime, computes_in_bfloat16, is_quicker
from spotter.runtime.preprocessing import Normalizer
from spotter.runtime.runtimes import open_runtime
from tests.unit.pipeline.networks import bright_detector, detector_header

pytest.importorskip("openvino")


@pytest.fixture(scope="module")
def detector() -> tuple[OnnxRuntime, OpenVinoRuntime]:
    file = weights_file("dbnet_mobilenetv3", "auto")
    return OnnxRuntime(file, threads=1), OpenVinoRuntime(file, threads=1)


def test_run_and_header(tmp_path: Path) -> None:
    runtime = OpenVinoRuntime(bright_detector(tmp_path / "d.onnx"), threads=2)
    assert runtime.header == detector_header()
    assert runtime.device.startswith("OpenVINO, ")
    assert runtime.device.endswith(", CPU, 2 threads")
    probability = runtime.run(np.full((2, 3, 32, 64), 0.6, np.float32))
    assert probability.shape == (2, 1, 32, 64)
    np.testing.assert_allclose(probability, 0.5, atol=0.02)


def test_the_shipped_detector_sees_as_on_onnx_runtime(
    detector: tuple[OnnxRuntime, OpenVinoRuntime],
) -> None:
    own = detector[0].header["preprocessing"]
    normalize = Normalizer(own["mean"], own["std"])
    rng = np.random.default_rng(0)
    for shape in ((64, 96), (96, 64), (64, 96)):
        pixels = [rng.integers(0, 256, (*shape, 3), np.uint8) for _ in range(2)]
        expected = detector[0].run_pixels(pixels, normalize)
        np.testing.assert_allclose(expected, detector[0].run(normalize(pixels)))
        for found in (
            detector[1].run_pixels(pixels, normalize),
            detector[1].run(normalize(pixels)),
            np.concatenate([detector[1].run_pixels([p], normalize) for p in pixels]),
        ):
            assert found.shape == expected.shape
            assert float(np.abs(found - expected).mean()) < 0.01
    # Answers are the caller's own: a later one does not write into them.
    kept = detector[1].run_pixels(pixels[:1], normalize)
    copy = kept.copy()
    detector[1].run_pixels(pixels[1:], normalize)
    np.testing.assert_array_equal(kept, copy)


def test_the_shipped_recognizer_reads_and_rescores_as_on_onnx_runtime() -> None:
    file = weights_file("deep_ctc", "auto")
    onnx, own = OnnxRuntime(file, threads=1), OpenVinoRuntime(file, threads=1)
    assert own.rescores == onnx.rescores is True
    crops = [np.full((32, 96, 3), 255, np.uint8) for _ in range(2)]
    crops[0][8:24, 20:76] = 0
    (first, second), (other, _) = (
        TextRecognizer(onnx).forward(crops),
        TextRecognizer(own).forward(crops),
    )
    assert first.greedy.text == other.greedy.text
    assert first.greedy.score == pytest.approx(other.greedy.score, abs=0.05)
    images = np.zeros((2, 3, 32, 96), np.float32)
    logits, frames = onnx.run_with_frames(images)
    own_logits, own_frames = own.run_with_frames(images)
    assert (own_logits.shape, own_frames.shape) == (logits.shape, frames.shape)
    assert float(np.abs(own_frames - frames).mean()) < 0.05
    tokens = np.array([[95, 1, 2, 0], [95, 3, 0, 96]], np.int64)
    np.testing.assert_allclose(own.rescore(frames[:1], tokens), onnx.rescore(frames[:1], tokens))
    assert second.greedy.text == ""


def test_threads_may_ask_at_once(detector: tuple[OnnxRuntime, OpenVinoRuntime]) -> None:
    rng = np.random.default_rng(1)
    images = [rng.normal(0, 1, (1, 3, 64, 64)).astype(np.float32) for _ in range(4)]
    expected = [detector[1].run(image) for image in images]
    found: list[np.ndarray] = [np.zeros(0)] * len(images)

    def ask(place: int) -> None:
        for _ in range(5):
            found[place] = detector[1].run(images[place])

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_refusals(tmp_path: Path) -> None:
    path = bright_detector(tmp_path / "d.onnx")
    with pytest.raises(ConfigError, match="device is 'cpu' for OpenVINO"):
        OpenVinoRuntime(path, "cuda")
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"not a graph")
    with pytest.raises(WeightsError, match=r"junk\.onnx"):
        OpenVinoRuntime(junk)


def test_it_is_chosen_where_there_is_bfloat16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bright_detector(tmp_path / "d.onnx")
    for has, kind in ((True, OpenVinoRuntime), (False, OnnxRuntime)):
        monkeypatch.setattr(openvino_runtime, "computes_in_bfloat16", lambda has=has: has)
        assert is_quicker("cpu") is has
        assert not is_quicker("cuda")
        assert isinstance(open_runtime(path, "detection", "auto"), kind)
    monkeypatch.setattr(openvino_runtime, "find_spec", lambda name: None)
    monkeypatch.setattr(openvino_runtime, "computes_in_bfloat16", lambda: True)
    assert not is_quicker("cpu")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu sse avx512f avx512_bf16", True),
        ("fpu amx_bf16 amx_tile", True),
        ("fpu avx2 avx512f avx512_bf16x", False),
        ("", False),
    ],
)
def test_the_processor_is_asked(tmp_path: Path, flags: str, expected: bool) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor : 0\nflags\t\t: {flags}\nbugs : none\n")
    assert computes_in_bfloat16(file) is expected
    assert not computes_in_bfloat16(tmp_path / "none")


SIGNALS = """
import gc, os, signal, sys
import numpy as np
from spotter.runtime.openvino import OpenVinoRuntime

runtimes = [OpenVinoRuntime(sys.argv[1], threads=1) for _ in range(2)]
for runtime in runtimes:
    runtime.run(np.zeros((1, 3, 32, 32), np.float32))
while runtimes:
    del runtimes[0], runtime
    gc.collect()
    runtime = None
signal.signal(signal.SIGUSR1, lambda *_: None)
os.kill(os.getpid(), signal.SIGUSR1)
print("alive")
"""


def test_signals_are_handled_after_runtimes_have_gone(tmp_path: Path) -> None:
    path = bright_detector(tmp_path / "d.onnx")
    command = [sys.executable, "-c", SIGNALS, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "alive"), done.stderr
