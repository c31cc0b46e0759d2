"""From weights to ONNX: traced, batch norms folded, stored in half precision, checked."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn

from spotter.decoding.ctc import attention_tokens
from spotter.errors import WeightsError
from spotter.export.graph_layout import widen_narrow_convolutions
from spotter.export.graph_phases import split_phases
from spotter.export.graph_weights import fold_batch_norms, halve_weights
from spotter.models.recognition.four_stage import FourStageRecognizer
from spotter.models.recognition.prediction.transformer import TransformerPrediction
from spotter.runtime.onnx import FRAMES, RESCORED, RESCORER_INPUTS, OnnxRuntime
from spotter.training.header import METADATA_KEY, encode_header
from spotter.training.weights import build_from_weights, written_weights

OPSET = 17
OUTPUTS = {"detection": "probability", "recognition": "logits"}
# Half-precision weights have 11 significant bits; the errors of the layers add up like noise.
TOLERANCES = {False: 1e-4, True: 5e-3}


@dataclass(frozen=True)
class ExportReport:
    """What :func:`export_onnx` wrote.

    Attributes:
        path: The file.
        size: Its bytes.
        difference: Largest absolute difference to torch, over all probed inputs, as a share of the
            output's largest magnitude (at least 1).
        tolerance: What the difference had to stay below.
        batch_norms: Batch norms that could not be folded.
    """

    path: Path
    size: int
    difference: float
    tolerance: float
    batch_norms: int


class _Traced(nn.Module):
    """A model with one argument and one output, as the tracer needs it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) to the model's ``tensor`` output."""
        return self.model(images, None, mode="tensor")


class _TracedWithFrames(nn.Module):
    """A recognizer with a rescorer, which needs the frames, too."""

    def __init__(self, model: FourStageRecognizer) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) to logits (N, S, K) and frames (N, T, C)."""
        return self.model.forward_with_frames(images)


class _TracedRescorer(nn.Module):
    """The rescorer of a recognizer by itself."""

    def __init__(self, rescorer: TransformerPrediction) -> None:
        super().__init__()
        self.rescorer = rescorer

    def forward(self, frames: Tensor, tokens: Tensor) -> Tensor:
        """Frames (1, T, C) and words (B, S + 1) to (B,)."""
        return self.rescorer.log_probability(frames, tokens)


def export_onnx(
    weights: str | Path,
    out: str | Path | None = None,
    half_weights: bool = True,
    tolerance: float | None = None,
) -> ExportReport:
    """Write the ONNX file of a ``.safetensors`` file and compare the two.

    Detectors map ``images`` (N, 3, H, W) to ``probability`` (N, 1, H, W), recognizers to ``logits``
    (N, T, K); N is free, and so are H and W of detectors and W of recognizers with width buckets.
    The header is stored in ``metadata_props``. A recognizer with a rescorer has a second graph in
    its file, from optional inputs ``rescorer_frames`` (1, T, C) and ``rescorer_tokens`` (B, L + 2)
    to ``log_probabilities`` (B,), and gives the ``frames`` (N, T, C) of its images.

    Args:
        weights: The weights.
        out: The file to write; default: beside the weights.
        half_weights: Store matrices and convolutions as float16, cast to float32 when the file is
            loaded: half the size, the same speed.
        tolerance: Largest relative difference to accept; default: :data:`TOLERANCES`.

    Returns:
        The report; the file has passed the check.

    Raises:
        WeightsError: Unreadable weights, a model that cannot be exported, or outputs that differ;
            no file is written then.
    """
    model, header = build_from_weights(weights)
    rescorer = None
    traced: nn.Module = _Traced(model)
    if isinstance(model, FourStageRecognizer):
        model.drop_auxiliary()
        rescorer = model.rescorer
        if rescorer is not None:
            traced = _TracedWithFrames(model)
    traced.eval()
    path = Path(out) if out is not None else Path(weights).with_suffix(".onnx")
    limit = TOLERANCES[half_weights] if tolerance is None else tolerance
    probes = probe_inputs(header)
    with written_weights(path) as temporary:
        graph = _optimized_graph(traced, rescorer, header, probes[0], half_weights, temporary)
        onnx.save(graph, str(temporary))
        runtime = OnnxRuntime(temporary)
        difference = _compare(traced, runtime, probes)
        if rescorer is not None:
            difference = max(difference, _compare_rescorer(rescorer, runtime, header))
        if not difference <= limit:
            # Weights far from their final values lose more in half precision.
            advice = "; try --no-half-weights (half_weights=False)" if half_weights else ""
            raise WeightsError(
                f"{weights}: ONNX and torch differ by {difference:.2g}, more than {limit:.2g};"
                f" not written{advice}"
            )
    left = sum(node.op_type == "BatchNormalization" for node in graph.graph.node)
    return ExportReport(path, path.stat().st_size, difference, limit, left)


def _optimized_graph(
    traced: nn.Module,
    rescorer: TransformerPrediction | None,
    header: dict[str, Any],
    probe: np.ndarray,
    half_weights: bool,
    scratch: Path,
) -> onnx.ModelProto:
    """The graph of a model, and of its rescorer beside it, with the header as metadata."""
    graph = _trace(traced, probe, header, scratch)
    fold_batch_norms(graph)
    widen_narrow_convolutions(graph)
    split_phases(graph)
    graphs = [graph]
    if rescorer is not None:
        graphs.append(_trace_rescorer(rescorer, header, scratch))
    if half_weights:
        for each in graphs:
            halve_weights(each)
    if rescorer is not None:
        add_graph(*graphs)
    helper.set_model_props(graph, {METADATA_KEY: encode_header(header)})
    onnx.checker.check_model(graph)
    return graph


def probe_inputs(header: dict[str, Any]) -> list[np.ndarray]:
    """Random inputs of several batch sizes and shapes for a header, (N, 3, H, W) float32."""
    preprocessing = header["preprocessing"]
    if header["task"] == "detection":
        step = int(preprocessing.get("size_divisor", 32))
        shapes = [(1, 4 * step, 6 * step), (2, 3 * step, 2 * step), (1, step, step)]
    else:
        height = int(preprocessing.get("height", 32))
        widths = preprocessing.get("widths") or [preprocessing.get("width", 128)]
        chosen = sorted({widths[len(widths) // 2], min(widths), max(widths)})
        shapes = [(index % 3 + 2, height, width) for index, width in enumerate(chosen)]
        shapes.append((1, height, chosen[-1]))
    rng = np.random.default_rng(0)
    return [rng.standard_normal((n, 3, h, w), dtype=np.float32) for n, h, w in shapes]


def _trace(
    traced: nn.Module, probe: np.ndarray, header: dict[str, Any], path: Path
) -> onnx.ModelProto:
    output = OUTPUTS[header["task"]]
    names = [output]
    axes: dict[str, dict[int, str]] = {"images": {0: "batch"}, output: {0: "batch"}}
    if header["task"] == "detection":
        axes = {name: {0: "batch", 2: "height", 3: "width"} for name in axes}
    elif header["preprocessing"].get("mode") == "buckets":
        axes["images"][3] = "width"
        axes[output][1] = "steps"
    if isinstance(traced, _TracedWithFrames):
        names.append(FRAMES)
        axes[FRAMES] = {0: "batch", 1: "steps"}
    return _export(traced, (torch.from_numpy(probe),), ["images"], names, axes, header, path)


def _trace_rescorer(
    rescorer: TransformerPrediction, header: dict[str, Any], path: Path
) -> onnx.ModelProto:
    frames, tokens = RESCORER_INPUTS
    axes = {frames: {1: "frames"}, tokens: {0: "words", 1: "characters"}, RESCORED: {0: "words"}}
    probe = _rescorer_probe(rescorer, header, 3)
    traced = _TracedRescorer(rescorer).eval()
    return _export(traced, probe, [frames, tokens], [RESCORED], axes, header, path)


def _rescorer_probe(
    rescorer: TransformerPrediction, header: dict[str, Any], words: int, frames: int = 24
) -> tuple[Tensor, Tensor]:
    """Random frames (1, T, C) and words that begin like the character set."""
    characters = header["charset"].replace(" ", "")
    texts = [characters[: 2 + 3 * i] for i in range(words)]
    seen = torch.randn(1, frames, rescorer.in_channels, generator=torch.Generator().manual_seed(0))
    return seen, torch.from_numpy(attention_tokens(texts, characters))


def _export(
    traced: nn.Module,
    inputs: tuple[Tensor, ...],
    given: list[str],
    names: list[str],
    axes: dict[str, dict[int, str]],
    header: dict[str, Any],
    path: Path,
) -> onnx.ModelProto:
    try:
        with warnings.catch_warnings():
            # The tracer warns of every Python number that it takes for a constant.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                traced,
                inputs,
                str(path),
                input_names=given,
                output_names=names,
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{header['name']}: cannot be exported to ONNX ({reason})") from None
    return onnx.load(str(path))


def add_graph(model: onnx.ModelProto, second: onnx.ModelProto) -> None:
    """Put a second graph beside the first, in place; its inputs may be left out by a caller.

    They get a default (zeros, every free dimension 2), so that the first graph can be run with
    images alone.

    Args:
        model: Receives the other's nodes; the names of the graphs' inputs and outputs differ.
        second: The other; its inner names are given a prefix.
    """
    inner = onnx.compose.add_prefix(
        second, "second/", rename_inputs=False, rename_outputs=False
    ).graph
    graph = model.graph
    graph.node.extend(inner.node)
    graph.initializer.extend(inner.initializer)
    graph.output.extend(inner.output)
    for each in inner.input:
        kind = each.type.tensor_type
        shape = [dimension.dim_value or 2 for dimension in kind.shape.dim]
        values = np.zeros(shape, helper.tensor_dtype_to_np_dtype(kind.elem_type))
        graph.initializer.append(numpy_helper.from_array(values, each.name))
        graph.input.append(each)


def _compare(traced: nn.Module, runtime: OnnxRuntime, probes: Sequence[np.ndarray]) -> float:
    worst = 0.0
    for probe in probes:
        with torch.inference_mode():
            expected = traced(torch.from_numpy(probe))
        if isinstance(traced, _TracedWithFrames):
            pairs = zip(runtime.run_with_frames(probe), expected, strict=True)
            worst = max([worst, *(_difference(one, other) for one, other in pairs)])
        else:
            worst = max(worst, _difference(runtime.run(probe), expected))
    return worst


def _compare_rescorer(
    rescorer: TransformerPrediction, runtime: OnnxRuntime, header: dict[str, Any]
) -> float:
    worst = 0.0
    for words, frames in ((1, 24), (3, 64), (8, 24)):
        probe = _rescorer_probe(rescorer, header, words, frames)
        with torch.inference_mode():
            expected = rescorer.log_probability(*probe)
        worst = max(worst, _difference(runtime.rescore(*(p.numpy() for p in probe)), expected))
    return worst


def _difference(found: np.ndarray, wanted: Tensor) -> float:
    """Largest difference as a share of the largest magnitude, at least 1."""
    expected = wanted.float().numpy()
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))
