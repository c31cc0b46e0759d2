"""Export of tiny models: parity, folding, half weights, and the two runtimes side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from spotter.decoding import LanguageModel, WordSource
from spotter.decoding.ctc import attention_tokens
from spotter.errors import WeightsError
from spotter.export.graph_weights import fold_batch_norms, halve_weights
from spotter.export.onnx import export_onnx
from spotter.pipeline import SceneTextSpotter, WordRecognizer
from spotter.registry import MODELS
from spotter.runtime.onnx import OnnxRuntime
from spotter.runtime.runtimes import TorchRuntime
from spotter.training.header import METADATA_KEY, decode_header, make_header
from spotter.training.weights import save_weights
from tests.unit.pipeline.networks import photo

DETECTOR = {
    "type": "DBNet",
    "backbone": {"type": "MobileNetV3Large", "scale": 0.5},
    "neck": {"type": "FPNC", "lateral_channels": 8, "out_channels": 4, "norm": True},
    "head": {"type": "DBHead", "hidden": 8},
}
RECOGNIZER = {
    "type": "FourStageRecognizer",
    "transformation": None,
    "feature_extraction": {"type": "CompactMixer", "channels": [16, 24, 32, 32], "depths": [1] * 4},
    "sequence_modeling": None,
    "prediction": {"type": "CTCPrediction"},
    "charset": "36",
    "auxiliary": {"type": "ParallelPrediction", "key_network": "linear"},
}


def build(config: dict) -> nn.Module:
    torch.manual_seed(0)
    model = MODELS.build(config)
    # Untrained batch norms are the identity, and would hide a wrong fold.
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2.0)
    return model.eval()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("weights")
    mean_std = {"mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4]}
    detection = {**mean_std, "limit_side": 128, "limit_type": "max", "size_divisor": 32}
    buckets = {"mean": 127.5, "std": 127.5, "height": 32, "mode": "buckets", "widths": [32, 64, 96]}
    detector, recognizer = build(DETECTOR), build(RECOGNIZER)
    files = {name: folder / f"{name}.safetensors" for name in ("detector", "recognizer")}
    header = make_header("detection", "tiny_db", DETECTOR, None, detection)
    save_weights(files["detector"], detector, header)
    charset = recognizer.charset.characters
    header = make_header("recognition", "tiny_ctc", RECOGNIZER, charset, buckets)
    save_weights(files["recognizer"], recognizer, header)
    return files


@pytest.fixture(scope="module")
def exported(weights: dict[str, Path]) -> dict[str, Path]:
    return {name: export_onnx(path).path for name, path in weights.items()}


@pytest.mark.parametrize("task", ["detector", "recognizer"])
def test_parity_and_header(weights: dict, task: str, tmp_path: Path) -> None:
    report = export_onnx(weights[task], tmp_path / "full.onnx", half_weights=False)
    assert report.difference < 1e-5
    assert report.batch_norms == 0
    model = onnx.load(str(report.path))
    [entry] = [p.value for p in model.metadata_props if p.key == METADATA_KEY]
    assert decode_header(entry, "x")["name"] == ("tiny_db" if task == "detector" else "tiny_ctc")
    assert model.graph.input[0].name == "images"
    assert model.graph.output[0].name == ("probability" if task == "detector" else "logits")


def test_half_weights_halve_the_file(weights: dict, tmp_path: Path) -> None:
    full = export_onnx(weights["detector"], tmp_path / "full.onnx", half_weights=False)
    half = export_onnx(weights["detector"], tmp_path / "half.onnx")
    assert half.size < 0.62 * full.size
    assert full.difference < half.difference < half.tolerance
    kinds = {t.data_type for t in onnx.load(str(half.path)).graph.initializer if len(t.dims) == 4}
    assert kinds == {TensorProto.FLOAT16}


def test_a_difference_is_refused(weights: dict, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"differ by.*try --no-half-weights"):
        export_onnx(weights["recognizer"], tmp_path / "bad.onnx", tolerance=1e-9)
    with pytest.raises(WeightsError, match=r"not written$"):
        export_onnx(
            weights["recognizer"], tmp_path / "bad.onnx", half_weights=False, tolerance=1e-12
        )
    assert list(tmp_path.iterdir()) == []


def test_the_guide_of_training_is_left_out(exported: dict) -> None:
    names = [t.name for t in onnx.load(str(exported["recognizer"])).graph.initializer]
    assert not [name for name in names if "auxiliary" in name]


def test_runtimes_agree(weights: dict, exported: dict) -> None:
    rng = np.random.default_rng(0)
    for task, shape in (("detector", (2, 3, 64, 96)), ("recognizer", (3, 3, 32, 64))):
        images = rng.standard_normal(shape, dtype=np.float32)
        ours, theirs = OnnxRuntime(exported[task]), TorchRuntime(weights[task])
        assert theirs.device.startswith("torch, CPU")
        assert ours.header == theirs.header
        expected = theirs.run(images)
        np.testing.assert_allclose(ours.run(images), expected, atol=5e-3 * np.abs(expected).max())


def test_both_runtimes_read_and_spot(weights: dict, exported: dict) -> None:
    crops = [photo(w, 32, [(4, 6, w - 8, 20)], seed=w) for w in (40, 64, 90, 31)]
    texts = {}
    for runtime in ("onnx", "torch"):
        recognizer = WordRecognizer(recognizer=weights["recognizer"], runtime=runtime)
        texts[runtime] = [reading.text for reading in recognizer.read(crops)[0]]
    assert texts["onnx"] == texts["torch"]
    spotter = SceneTextSpotter(**weights, runtime="torch")
    result = spotter.spot(photo(120, 90, [(10, 10, 60, 20)]))
    assert (result.width, result.height, result.error) == (120, 90, None)


def test_torch_readings_do_not_depend_on_the_batch(weights: dict) -> None:
    crops = [photo(w, 32, [(4, 6, w - 8, 20)], seed=w) for w in (60, 64, 61, 70, 66, 58, 59)]
    recognizer = WordRecognizer(recognizer=weights["recognizer"], runtime="torch")
    results = []
    for size in (1, 3, 8):
        recognizer.batch_size = size
        results.append([(r.text, round(r.score, 5)) for r in recognizer.read(crops)[0]])
    assert results[0] == results[1] == results[2]


def _network(op: str, groups: int, bias: bool, seed: int) -> onnx.ModelProto:
    rng = np.random.default_rng(seed)
    c_in, c_out = 4, 6
    shape = (c_out, c_in // groups, 3, 3) if op == "Conv" else (c_in, c_out // groups, 3, 3)
    weights = {
        "w": rng.normal(0, 1, shape),
        "b": rng.normal(0, 1, c_out),
        "gamma": rng.uniform(0.5, 2, c_out),
        "beta": rng.normal(0, 1, c_out),
        "mean": rng.normal(0, 1, c_out),
        "var": rng.uniform(0.1, 2, c_out),
    }
    nodes = [
        helper.make_node(op, ["x", "w", "b"] if bias else ["x", "w"], ["y"], group=groups),
        helper.make_node(
            "BatchNormalization", ["y", "gamma", "beta", "mean", "var"], ["z"], epsilon=1e-3
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "bn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, c_in, 8, 8])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array.astype(np.float32), k) for k, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run_as_is(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    """Output without the optimizations of the runtime, which would fold as well."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("op", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_folding(op: str, groups: int, bias: bool) -> None:
    model = _network(op, groups, bias, seed=groups)
    x = np.random.default_rng(9).normal(0, 1, (1, 4, 8, 8)).astype(np.float32)
    expected = run_as_is(model, x)
    assert fold_batch_norms(model) == 1
    assert [node.op_type for node in model.graph.node] == [op]
    assert len(model.graph.initializer) == 2
    np.testing.assert_allclose(run_as_is(model, x), expected, atol=1e-4)


def test_a_convolution_with_two_readers_is_not_folded() -> None:
    model = _network("Conv", 1, True, 0)
    model.graph.node.append(helper.make_node("Relu", ["y"], ["r"]))
    assert fold_batch_norms(model) == 0


def test_values_beyond_half_precision_stay() -> None:
    model = _network("Conv", 1, True, 0)
    large = numpy_helper.from_array(np.full((6, 4, 3, 3), 1e5, np.float32), "w")
    model.graph.initializer[0].CopyFrom(large)
    assert halve_weights(model) == 0


@pytest.mark.parametrize("charset", [RECOGNIZER["charset"], "latin_spaces"])
def test_a_rescorer_is_a_second_graph_in_the_file(tmp_path: Path, charset: str) -> None:
    rescorer = {"type": "TransformerPrediction", "channels": 16, "heads": 2, "weight": 0.5}
    config = {**RECOGNIZER, "charset": charset, "rescorer": rescorer}
    recognizer = build(config)
    buckets = {"mean": 127.5, "std": 127.5, "height": 32, "mode": "buckets", "widths": [32, 64]}
    file = tmp_path / "joint.safetensors"
    header = make_header("recognition", "joint", config, recognizer.charset.characters, buckets)
    save_weights(file, recognizer, header)
    report = export_onnx(file)
    assert report.difference < report.tolerance
    # Whoever shows images only is asked for nothing else, and gets the logits first.
    session = onnxruntime.InferenceSession(str(report.path))
    assert [each.name for each in session.get_inputs()] == ["images"]
    assert session.get_outputs()[0].name == "logits"
    ours, theirs = OnnxRuntime(report.path), TorchRuntime(file)
    assert ours.rescores
    assert theirs.rescores
    images = np.random.default_rng(0).standard_normal((3, 3, 32, 64), dtype=np.float32)
    logits, frames = ours.run_with_frames(images)
    np.testing.assert_allclose(logits, ours.run(images), atol=1e-6)
    for one, other in zip((logits, frames), theirs.run_with_frames(images), strict=True):
        np.testing.assert_allclose(one, other, atol=5e-3 * max(1.0, np.abs(other).max()))
    # Words are rescored, without spaces.
    characters = recognizer.charset.without_space().characters
    tokens = attention_tokens(["a", "cab", "7up"], characters)
    rescored = ours.rescore(frames[1:2], tokens)
    np.testing.assert_allclose(rescored, theirs.rescore(frames[1:2], tokens), atol=0.05)
    # Each word for itself.
    alone = ours.rescore(frames[1:2], attention_tokens(["cab"], characters))
    assert alone[0] == pytest.approx(rescored[1], abs=1e-4)
    entry = {"model": LanguageModel.build([WordSource({"cab": 1.0})], 2), "rescoring": 1.0}
    crops = [photo(w, 32, [(4, 6, w - 8, 20)], seed=w) for w in (40, 64, 90, 31)]
    readings = [
        WordRecognizer(recognizer=file, runtime=runtime, language=entry).read(crops)[0]
        for runtime in ("onnx", "torch")
    ]
    assert [r.text for r in readings[0]] == [r.text for r in readings[1]]
