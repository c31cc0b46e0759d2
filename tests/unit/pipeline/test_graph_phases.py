"""A head on enlarged levels, and the same in four phases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spotter.export.graph_phases import phase_kernel, split_phases


class Head(nn.Module):
    """Levels at full, half and quarter size to a map of four times the size."""

    def __init__(self, factors: tuple[int, ...] = (2, 4), told: bool = False) -> None:
        super().__init__()
        self.factors, self.told = factors, told
        self.levels = nn.ModuleList(
            nn.Sequential(nn.Conv2d(3, 4 + i, 1, factor), nn.ReLU())
            for i, factor in enumerate((1, *factors))
        )
        channels = sum(4 + i for i in range(len(self.levels)))
        self.mix = nn.Conv2d(channels, 6, 3, padding=1)
        self.values = nn.Conv2d(6, 16, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) to (N, 1, 4H, 4W), and perhaps what the head saw."""
        fine, *coarse = (level(x) for level in self.levels)
        enlarged = [
            F.interpolate(each, scale_factor=float(factor))
            for each, factor in zip(coarse, self.factors, strict=True)
        ]
        seen = self.mix(torch.cat([fine, *enlarged], 1))
        values = F.pixel_shuffle(self.values(F.relu(seen)), 4).sigmoid()
        return (values, seen) if self.told else (values,)


def split(model: nn.Module, folder: Path) -> tuple[int, onnx.ModelProto, float]:
    """Number of rewritten convolutions, the graph, and the largest change of its output."""
    torch.manual_seed(0)
    file, images = folder / "model.onnx", torch.randn(2, 3, 24, 36)
    torch.onnx.export(
        model.eval(), (images,), str(file), opset_version=17, dynamo=False,
        input_names=["images"], output_names=["values"],
        dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}},
    )  # fmt: skip
    graph = onnx.load(str(file))
    count = split_phases(graph)
    onnx.checker.check_model(graph)
    before = onnxruntime.InferenceSession(str(file))
    after = onnxruntime.InferenceSession(graph.SerializeToString())
    worst = 0.0
    for shape in ((2, 3, 24, 36), (1, 3, 12, 12)):
        given = {"images": np.random.default_rng(0).standard_normal(shape, dtype=np.float32)}
        one, other = (session.run(["values"], given)[0] for session in (before, after))
        assert one.shape == other.shape == (shape[0], 1, 4 * shape[2], 4 * shape[3])
        worst = max(worst, float(np.abs(one - other).max()))
    return count, graph, worst


def test_four_phases_are_the_whole(tmp_path: Path) -> None:
    torch.manual_seed(0)
    count, graph, change = split(Head(), tmp_path)
    assert count == 1
    assert change < 1e-5
    kinds = [node.op_type for node in graph.graph.node]
    # Of two enlargements one is left, by half of what it was.
    assert kinds.count("Resize") == 1
    assert kinds.count("DepthToSpace") == 1
    names = {tensor.name for tensor in graph.graph.initializer}
    assert {name for node in graph.graph.node for name in node.input if name} >= names


@pytest.mark.parametrize("model", [Head((3, 6)), Head(()), Head(told=True), nn.Conv2d(3, 4, 3)])
def test_other_graphs_are_left(tmp_path: Path, model: nn.Module) -> None:
    file = tmp_path / "model.onnx"
    torch.onnx.export(model, (torch.randn(1, 3, 12, 12),), str(file), dynamo=False)
    graph = onnx.load(str(file))
    untouched = graph.SerializeToString()
    assert split_phases(graph) == 0
    assert graph.SerializeToString() == untouched


def test_kernels_of_phases_by_hand() -> None:
    kernel = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    # Even rows: the tap above is the pair before, the other two fall on the own pair.
    assert phase_kernel(kernel, 0, 0)[0, 0].tolist() == [[0, 3], [9, 24]]
    assert phase_kernel(kernel, 1, 0)[0, 0].tolist() == [[3, 12], [6, 15]]
    assert phase_kernel(kernel, 0, 1)[0, 0].tolist() == [[1, 2], [20, 13]]
    assert phase_kernel(kernel, 1, 1)[0, 0].tolist() == [[8, 7], [13, 8]]
