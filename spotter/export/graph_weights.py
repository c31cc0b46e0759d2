"""Weights of a graph: batch norms folded into convolutions, float16 in the file."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from spotter.export.graph_nodes import attribute, drop_unread

_LARGEST_HALF = 65504.0


def fold_batch_norms(model: onnx.ModelProto) -> int:
    """Fold batch norms into the convolutions whose only reader they are, in place.

    ``gamma (W x + b - mean) / s + beta`` with ``s = sqrt(var + eps)`` is a convolution by
    ``W gamma / s`` with the bias ``(b - mean) gamma / s + beta``.

    Args:
        model: A graph in inference mode.

    Returns:
        How many were folded.
    """
    graph = model.graph
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    readers: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            readers[name] = readers.get(name, 0) + 1
    folded = 0
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        conv = makers.get(norm.input[0])
        if conv is None or conv.op_type not in ("Conv", "ConvTranspose"):
            continue
        shared = readers[norm.input[0]] > 1 or readers[conv.input[1]] > 1
        known = all(name in initializers for name in [*conv.input[1:], *norm.input[1:]])
        if shared or not known:
            continue
        _fold(graph, conv, norm, initializers)
        folded += 1
    drop_unread(graph)
    return folded


def _fold(
    graph: onnx.GraphProto,
    conv: onnx.NodeProto,
    norm: onnx.NodeProto,
    initializers: dict[str, onnx.TensorProto],
) -> None:
    gamma, beta, mean, variance = (_array(initializers[name]) for name in norm.input[1:])
    epsilon = attribute(norm, "epsilon", 1e-5)
    gain = gamma / np.sqrt(variance + epsilon)
    kernel = _array(initializers[conv.input[1]])
    groups = attribute(conv, "group", 1)
    if conv.op_type == "Conv":
        kernel = kernel * gain[:, None, None, None]
    else:
        # (C_in, C_out / groups, h, w): the rows of one group share its outputs.
        gains = np.repeat(gain.reshape(groups, -1), kernel.shape[0] // groups, axis=0)
        kernel = kernel * gains[:, :, None, None]
    bias = np.zeros_like(mean)
    if len(conv.input) > 2:
        bias = _array(initializers[conv.input[2]])
    bias = (bias - mean) * gain + beta
    stem = conv.input[1]
    for name, array in ((f"{stem}.folded", kernel), (f"{stem}.folded_bias", bias)):
        graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    inputs = [conv.input[0], f"{stem}.folded", f"{stem}.folded_bias"]
    del conv.input[:]
    conv.input.extend(inputs)
    conv.output[0] = norm.output[0]
    graph.node.remove(norm)


def _array(tensor: onnx.TensorProto) -> np.ndarray:
    return numpy_helper.to_array(tensor).astype(np.float64)


def halve_weights(model: onnx.ModelProto) -> int:
    """Store matrices and convolutions as float16 followed by a cast to float32, in place.

    Runtimes fold the cast when they load the file, so the network computes in float32 as before.

    Returns:
        How many tensors were halved.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        array = numpy_helper.to_array(tensor)
        if np.abs(array).max(initial=0.0) > _LARGEST_HALF:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return len(casts)
