"""A graph pass that computes the head of a feature pyramid without enlarging its coarse levels."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from spotter.export.graph_nodes import attribute, drop_unread

_PHASES = [(row, column) for row in (0, 1) for column in (0, 1)]


def split_phases(model: onnx.ModelProto) -> int:
    """Rewrite a 3x3 convolution of levels that were enlarged to one size, in place.

    Where all but one of the concatenated levels were enlarged by their nearest values, by even
    factors, neighbouring pixels of theirs are equal: at the even and the odd rows and columns of
    the output the nine taps fall on four different pixels of the half-sized map. So the four phases
    are computed apart, with 2x2 kernels on half-sized levels, and put together by the
    depth-to-space that follows anyway: a third of the work less for DBNet's head on four levels.

    What has to be there: Concat (levels), Conv 3x3, Relu, Conv 1x1, DepthToSpace of one channel,
    each with no other reader.

    Args:
        model: A graph with float32 kernels as initializers, enlargements by constant scales.

    Returns:
        How many convolutions were rewritten.
    """
    graph = _Graph(model.graph)
    found = [parts for node in model.graph.node if (parts := graph.match(node)) is not None]
    for parts in found:
        graph.rewrite(*parts)
    return len(found)


class _Graph:
    """A graph with its lookup tables."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.kernels = {tensor.name: tensor for tensor in graph.initializer}
        self.makers = {name: node for node in graph.node for name in node.output}
        self.readers: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)

    def match(
        self, conv: onnx.NodeProto
    ) -> tuple[list[onnx.NodeProto], list[tuple[str, int]], int] | None:
        """The nodes from the Concat on, (map, factor) of each level, and the channels of the finest
        level.
        """
        levels = self.makers.get(conv.input[0]) if conv.op_type == "Conv" else None
        if levels is None or levels.op_type != "Concat" or attribute(levels, "axis", 1) != 1:
            return None
        chain = [levels, conv]
        for kind in ("Relu", "Conv", "DepthToSpace"):
            following = self.readers.get(chain[-1].output[0], [])
            if len(following) != 1 or following[0].op_type != kind:
                return None
            chain.append(following[0])
        _, _, _, pointwise, depth = chain
        if len(self.readers[levels.output[0]]) > 1 or not self._is_plain(conv, 3, 1):
            return None
        block = attribute(depth, "blocksize", 0)
        if not self._is_plain(pointwise, 1, 0) or self._kernel(pointwise).shape[0] != block**2:
            return None
        sources = [self._source(name) for name in levels.input]
        # The finest level first, all others enlarged by even factors.
        if sources[0][1] != 1 or len(sources) < 2 or any(f % 2 for _, f in sources[1:]):
            return None
        channels = [self._channels(name) for name, _ in sources[1:]]
        told = {output.name for output in self.graph.output} & {n.output[0] for n in chain[:-1]}
        if None in channels or told:
            return None
        return chain, sources, self._kernel(conv).shape[1] - sum(filter(None, channels))

    def rewrite(
        self, chain: list[onnx.NodeProto], sources: list[tuple[str, int]], width: int
    ) -> None:
        """Replace the chain by its four phases."""
        _, conv, _, pointwise, depth = chain
        stem, block = conv.output[0], attribute(depth, "blocksize", 0)
        kernel, (fine, _) = self._kernel(conv), sources[0]
        nodes: list[onnx.NodeProto] = []
        coarse = f"{stem}.coarse"
        halves = []
        for index, (name, factor) in enumerate(sources[1:]):
            halves.append(name)
            if factor > 2:
                halves[-1] = f"{stem}.half{index}"
                scales = np.array([1, 1, factor // 2, factor // 2], np.float32)
                nodes.append(_enlarge(name, halves[-1], self._add(f"{halves[-1]}.scales", scales)))
        nodes.append(helper.make_node("Concat", halves, [coarse], axis=1))
        sums = ""
        for row, column in _PHASES:
            own = f"{stem}.{row}{column}"
            seen = self._phase(nodes, own, (row, column), kernel, width, (fine, coarse), conv)
            sums = self._place(nodes, own, (row, column), block, pointwise, seen, sums)
        nodes.append(helper.make_node("DepthToSpace", [sums], depth.output, blocksize=2 * block))
        where = next(i for i, node in enumerate(self.graph.node) if node is depth)
        kept = list(self.graph.node)
        kept[where : where + 1] = nodes
        dropped = {node.output[0] for node in chain[:-1]}
        del self.graph.node[:]
        self.graph.node.extend(node for node in kept if node.output[0] not in dropped)
        drop_unread(self.graph)

    def _phase(
        self,
        nodes: list[onnx.NodeProto],
        own: str,
        phase: tuple[int, int],
        kernel: np.ndarray,
        width: int,
        maps: tuple[str, str],
        conv: onnx.NodeProto,
    ) -> str:
        """Every second row and column of the convolution, rectified."""
        row, column = phase
        fine, coarse = maps
        bias = numpy_helper.to_array(self.kernels[conv.input[2]])
        # Even phases look up and left beyond the pixel, odd ones down and right.
        pads = [1 - row, 1 - column, row, column]
        inputs = [
            fine,
            self._add(f"{own}.fine_kernel", kernel[:, :width]),
            self._add(f"{own}.bias", bias),
        ]
        nodes.append(helper.make_node("Conv", inputs, [f"{own}.fine"], strides=[2, 2], pads=pads))
        taps = phase_kernel(kernel[:, width:], row, column)
        inputs = [coarse, self._add(f"{own}.coarse_kernel", taps)]
        nodes.append(helper.make_node("Conv", inputs, [f"{own}.coarse"], pads=pads))
        both = [f"{own}.fine", f"{own}.coarse"]
        nodes.append(helper.make_node("Add", both, [f"{own}.sum"]))
        nodes.append(helper.make_node("Relu", [f"{own}.sum"], [f"{own}.seen"]))
        return f"{own}.seen"

    def _place(
        self,
        nodes: list[onnx.NodeProto],
        own: str,
        phase: tuple[int, int],
        block: int,
        pointwise: onnx.NodeProto,
        seen: str,
        before: str,
    ) -> str:
        """Add a phase's values to the channels of the whole that are its own."""
        row, column = phase
        kernel = self._kernel(pointwise)
        bias = numpy_helper.to_array(self.kernels[pointwise.input[2]])
        place: np.ndarray = np.arange(4 * block**2).reshape(2, block, 2, block)
        mine = place[row, :, column].reshape(-1)
        wide = np.zeros((4 * block**2, *kernel.shape[1:]), np.float32)
        wide[mine] = kernel
        wide_bias: np.ndarray = np.zeros(4 * block**2, np.float32)
        wide_bias[mine] = bias
        inputs = [seen, self._add(f"{own}.wide", wide), self._add(f"{own}.wide_bias", wide_bias)]
        nodes.append(helper.make_node("Conv", inputs, [f"{own}.placed"]))
        if not before:
            return f"{own}.placed"
        nodes.append(helper.make_node("Add", [f"{own}.placed", before], [f"{own}.whole"]))
        return f"{own}.whole"

    def _source(self, name: str) -> tuple[str, int]:
        """A level before it was enlarged, and by how much; itself and 1 if it was not."""
        node = self.makers.get(name)
        if node is None or node.op_type != "Resize" or len(node.input) != 3:
            return name, 1
        scales = self.kernels.get(node.input[2]) or _constant(self.makers.get(node.input[2]))
        modes = (
            attribute(node, "mode", b"nearest"),
            attribute(node, "coordinate_transformation_mode", b"half_pixel"),
            attribute(node, "nearest_mode", b"round_prefer_floor"),
        )
        if scales is None or modes != (b"nearest", b"asymmetric", b"floor"):
            return name, 1
        _, _, rows, columns = numpy_helper.to_array(scales).tolist()
        if rows != columns or rows != int(rows) or len(self.readers[name]) > 1:
            return name, 1
        return node.input[0], int(rows)

    def _channels(self, name: str) -> int | None:
        """Channels of a map, from the convolution that makes it; ``None``: unknown."""
        node = self.makers.get(name)
        while node is not None and node.op_type == "Relu":
            node = self.makers.get(node.input[0])
        if node is None or node.op_type != "Conv" or node.input[1] not in self.kernels:
            return None
        return self._kernel(node).shape[0]

    def _is_plain(self, conv: onnx.NodeProto, size: int, pad: int) -> bool:
        """Whether it is an ungrouped convolution with bias, of this size, without stride."""
        if len(conv.input) < 3 or not all(name in self.kernels for name in conv.input[1:3]):
            return False
        return (
            self._kernel(conv).shape[2:] == (size, size)
            and list(attribute(conv, "pads", [0] * 4)) == [pad] * 4
            and list(attribute(conv, "strides", [1, 1])) == [1, 1]
            and list(attribute(conv, "dilations", [1, 1])) == [1, 1]
            and attribute(conv, "group", 1) == 1
        )

    def _kernel(self, conv: onnx.NodeProto) -> np.ndarray:
        return numpy_helper.to_array(self.kernels[conv.input[1]])

    def _add(self, name: str, values: np.ndarray) -> str:
        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def phase_kernel(kernel: np.ndarray, row: int, column: int) -> np.ndarray:
    """(O, I, 2, 2) what a 3x3 kernel (O, I, 3, 3) is to pairs of equal rows and columns.

    Args:
        kernel: For the enlarged map.
        row: 0 for its even rows, whose first tap falls on the pair before; 1 for its odd ones,
            whose last tap falls on the pair after.
        column: The same for columns.
    """
    for axis, odd in ((2, row), (3, column)):
        first, middle, last = np.split(kernel, 3, axis=axis)
        pair = [first + middle, last] if odd else [first, middle + last]
        kernel = np.concatenate(pair, axis=axis)
    return kernel


def _enlarge(name: str, output: str, scales: str) -> onnx.NodeProto:
    return helper.make_node(
        "Resize",
        [name, "", scales],
        [output],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _constant(node: onnx.NodeProto | None) -> onnx.TensorProto | None:
    if node is None or node.op_type != "Constant":
        return None
    return next((a.t for a in node.attribute if a.name == "value"), None)
