"""Wider graphs that compute the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from spotter.export.graph_layout import widen_narrow_convolutions


class Narrow(nn.Module):
    """A stem of 6 channels, a residual block with a depthwise layer, and 20 channels after it."""

    def __init__(self, last: int = 20, odd: nn.Module | None = None) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, 2, 1)
        self.inner = nn.Sequential(
            nn.Conv2d(6, 6, 1), nn.ReLU(), nn.Conv2d(6, 6, 3, 1, 1, groups=6), nn.ReLU()
        )
        self.project = nn.Conv2d(6, 6, 1, bias=False)
        self.odd = odd or nn.Identity()
        self.after = nn.Conv2d(6, last, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, last, ..)."""
        x = nn.functional.hardswish(self.stem(x))
        return self.after(self.odd(x + self.project(self.inner(x))))


def widened(model: nn.Module, folder: Path) -> tuple[int, onnx.ModelProto, float]:
    """Number of widened layers, the graph, and the largest change of its output."""
    torch.manual_seed(0)
    images = torch.randn(2, 3, 20, 24)
    file = folder / "model.onnx"
    torch.onnx.export(model.eval(), (images,), str(file), opset_version=17, dynamo=False)
    before = onnxruntime.InferenceSession(str(file))
    graph = onnx.load(str(file))
    count = widen_narrow_convolutions(graph)
    onnx.checker.check_model(graph)
    after = onnxruntime.InferenceSession(graph.SerializeToString())
    name = before.get_inputs()[0].name
    outputs = [session.run(None, {name: images.numpy()})[0] for session in (before, after)]
    assert outputs[0].shape == outputs[1].shape
    return count, graph, float(np.abs(outputs[0] - outputs[1]).max())


def test_narrow_layers_get_channels_of_zeros(tmp_path: Path) -> None:
    count, graph, change = widened(Narrow(), tmp_path)
    assert count == 4
    assert change < 1e-6
    kernels = {k.name: numpy_helper.to_array(k) for k in graph.graph.initializer}
    shapes = {name: array.shape for name, array in kernels.items() if array.ndim == 4}
    assert sorted(shapes.values()) == [
        (16, 1, 3, 3), (16, 3, 3, 3), (16, 16, 1, 1), (16, 16, 1, 1), (20, 16, 3, 3)
    ]  # fmt: skip
    depthwise = next(k for k, shape in shapes.items() if shape == (16, 1, 3, 3))
    assert not kernels[depthwise][6:].any()


def test_what_must_keep_its_channels_is_left(tmp_path: Path) -> None:
    # The sigmoid of zero is not zero, and an output has as many channels as it has.
    assert widened(Narrow(odd=nn.Sigmoid()), tmp_path)[0] == 0
    assert widened(Narrow(last=5), tmp_path)[0] == 4
    count, graph, _ = widened(nn.Conv2d(3, 6, 3), tmp_path)
    assert count == 0
    assert graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value == 6
