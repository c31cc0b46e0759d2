"""A graph pass that makes convolutions faster in ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from spotter.export.graph_nodes import attribute

_BLOCK = 16
_ZERO_STAYS_ZERO = ("Relu", "HardSwish", "Identity")


def widen_narrow_convolutions(model: onnx.ModelProto, block: int = _BLOCK) -> int:
    """Widen convolutions of fewer than ``block`` channels to that many, in place; outputs are
    unchanged.

    With AVX-512, ONNX Runtime computes 16 channels at a time. Of fewer it makes 16 all the same,
    and after each layer copies the map to drop the rest again: for a detector's first layers, whose
    maps are the largest, that takes longer than computing them. The channels that come in addition
    are zero from their convolution to those that read them, whose kernels are zero there.

    Args:
        model: A graph with float32 kernels as initializers.
        block: Channels.

    Returns:
        How many convolutions were widened.
    """
    graph = model.graph
    widened = 0
    done: set[str] = set()
    for node in graph.node:
        if node.op_type == "Conv" and node.output[0] not in done:
            group = _Group(graph, block)
            if group.grow(node):
                group.widen()
                widened += len(group.members)
                done.update(member.output[0] for member in group.members)
    return widened


class _Group:
    """Convolutions whose channels belong together, and those that read them.

    Args:
        graph: The graph.
        block: Channels that they are to have.

    Attributes:
        members: Convolutions that make the channels.
        readers: Convolutions that only read them.
    """

    def __init__(self, graph: onnx.GraphProto, block: int) -> None:
        self.block = block
        self.kernels = {tensor.name: tensor for tensor in graph.initializer}
        self.consumers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)
        self.outputs = {output.name for output in graph.output}
        self.members: list[onnx.NodeProto] = []
        self.readers: list[onnx.NodeProto] = []
        self.tensors: set[str] = set()

    def grow(self, first: onnx.NodeProto) -> bool:
        """Follow the channels of a convolution; false if they may not be widened."""
        if not self._own_kernel(first) or self._channels(first) >= self.block:
            return False
        if attribute(first, "group", 1) != 1:
            return False
        self.members.append(first)
        waiting = [first.output[0]]
        sums: list[onnx.NodeProto] = []
        while waiting:
            name = waiting.pop()
            if name in self.tensors:
                continue
            self.tensors.add(name)
            if name in self.outputs:
                return False
            for node in self.consumers.get(name, []):
                if node.op_type in _ZERO_STAYS_ZERO:
                    waiting.append(node.output[0])
                elif node.op_type == "Add":
                    sums.append(node)
                    waiting.append(node.output[0])
                elif not self._follow(node, name, waiting):
                    return False
        # Whatever is added must have the same channels.
        missing = {name for node in sums for name in node.input} - self.tensors
        return not missing

    def _follow(self, node: onnx.NodeProto, name: str, waiting: list[str]) -> bool:
        """Note a convolution that reads the channels; false for anything else."""
        if node.op_type != "Conv" or node.input[0] != name or not self._own_kernel(node):
            return False
        groups, channels = attribute(node, "group", 1), self._channels(node)
        if groups == 1:
            self.readers.append(node)
            if channels == self._channels(self.members[0]):
                # Another narrow convolution, whose channels may be added to these.
                self.members.append(node)
                waiting.append(node.output[0])
            return True
        if groups != channels:
            return False
        self.members.append(node)
        waiting.append(node.output[0])
        return True

    def widen(self) -> None:
        """Fill kernels and biases up with zeros."""
        for node in self.members:
            self._pad(node.input[1], 0)
            if len(node.input) > 2:
                self._pad(node.input[2], 0)
            for each in node.attribute:
                if each.name == "group" and each.i > 1:
                    each.i = self.block
        for node in self.readers:
            self._pad(node.input[1], 1)

    def _pad(self, name: str, axis: int) -> None:
        values = numpy_helper.to_array(self.kernels[name])
        wanted = [(0, 0)] * values.ndim
        wanted[axis] = (0, self.block - values.shape[axis])
        self.kernels[name].CopyFrom(numpy_helper.from_array(np.pad(values, wanted), name))

    def _channels(self, node: onnx.NodeProto) -> int:
        return self.kernels[node.input[1]].dims[0]

    def _own_kernel(self, node: onnx.NodeProto) -> bool:
        """Whether kernel and bias are known, and no other node's."""
        names = node.input[1:]
        return all(n in self.kernels and len(self.consumers[n]) == 1 for n in names)
