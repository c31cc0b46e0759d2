"""Networks small enough to reason about: bright pixels are text, columns of pixels are digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from spotter.training.header import METADATA_KEY, encode_header, make_header

DIGITS = "0123456789"
WIDTHS = [32, 64, 96, 128]


def detector_header(**preprocessing: Any) -> dict[str, Any]:
    """Inputs in [0, 1]."""
    values = {
        "mean": [0.0, 0.0, 0.0],
        "std": [255.0, 255.0, 255.0],
        "limit_side": 512,
        "limit_type": "max",
        "size_divisor": 32,
        **preprocessing,
    }
    return make_header("detection", "bright", {"type": "DBNet"}, None, values)


def recognizer_header(**preprocessing: Any) -> dict[str, Any]:
    """CTC over ten digits."""
    values = {
        "mean": 127.5,
        "std": 127.5,
        "height": 32,
        "mode": "buckets",
        "widths": WIDTHS,
        **preprocessing,
    }
    config = {"type": "FourStageRecognizer", "prediction": {"type": "CTCPrediction"}}
    return make_header("recognition", "digits", config, DIGITS, values)


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    shapes: tuple[list, list],
    output: str,
    header: dict[str, Any],
) -> Path:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shapes[0])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shapes[1])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: encode_header(header)})
    onnx.save(model, str(path))
    return path


def bright_detector(path: Path, **preprocessing: Any) -> Path:
    """probability = sigmoid(40 (mean of RGB - 0.6))."""
    nodes = [
        helper.make_node("Conv", ["images", "kernel", "bias"], ["x"]),
        helper.make_node("Sigmoid", ["x"], ["probability"]),
    ]
    weights = {
        "kernel": np.full((1, 3, 1, 1), 40 / 3, np.float32),
        "bias": np.array([-24.0], np.float32),
    }
    shapes = (["n", 3, "h", "w"], ["n", 1, "h", "w"])
    return _save(path, nodes, weights, shapes, "probability", detector_header(**preprocessing))


def digit_kernel() -> np.ndarray:
    """(11, 3, 32, 4): what four columns of RGB have to look like for the blank and each digit."""
    return np.random.default_rng(3).normal(0, 0.25, (11, 3, 32, 4)).astype(np.float32)


def written(text: str) -> np.ndarray:
    """A crop (32, 8 len(text), 3) uint8 BGR that :func:`digit_recognizer` reads with certainty."""
    classes = [c for digit in text for c in (DIGITS.index(digit) + 1, 0)]
    frames = [digit_kernel()[c, ::-1].transpose(1, 2, 0) > 0 for c in classes]
    return np.concatenate(frames, axis=1).astype(np.uint8) * np.uint8(255)


def digit_recognizer(path: Path, **preprocessing: Any) -> Path:
    """A fixed random projection of every four columns to ten digits and the blank."""
    nodes = [
        helper.make_node("Conv", ["images", "kernel"], ["x"], strides=[32, 4]),
        helper.make_node("Squeeze", ["x", "axes"], ["y"]),
        helper.make_node("Transpose", ["y"], ["logits"], perm=[0, 2, 1]),
    ]
    weights = {"kernel": digit_kernel(), "axes": np.array([2])}
    shapes = (["n", 3, 32, "w"], ["n", "t", 11])
    return _save(path, nodes, weights, shapes, "logits", recognizer_header(**preprocessing))


def photo(width: int, height: int, boxes: list[tuple[int, int, int, int]], seed: int = 0):
    """Dark noise with bright textured boxes (x, y, w, h), (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 60, (height, width, 3)).astype(np.uint8)
    for x, y, w, h in boxes:
        image[y : y + h, x : x + w] = rng.integers(200, 256, (h, w, 3))
    return image
