"""Headers: read without a session, held against one schema."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from spotter.errors import WeightsError
from spotter.runtime.header import (
    METADATA_KEY,
    check_header,
    decode_header,
    read_header,
    read_onnx_metadata,
)
from spotter.runtime.header_schema import check_servable
from spotter.runtime.onnx import OnnxRuntime
from tests.unit.pipeline.networks import (
    bright_detector,
    detector_header,
    digit_recognizer,
    recognizer_header,
)

WEIGHTS_FOLDER = Path(__file__).parents[3] / "spotter" / "hub" / "weights"


def refusal(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(WeightsError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_metadata_is_what_onnx_reads(tmp_path: Path) -> None:
    path = digit_recognizer(tmp_path / "d.onnx")
    expected = {entry.key: entry.value for entry in onnx.load(str(path)).metadata_props}
    assert read_onnx_metadata(path, check_weights=True) == expected
    assert read_header(path) == json.loads(expected[METADATA_KEY])


@pytest.mark.parametrize("path", sorted(WEIGHTS_FOLDER.glob("*.onnx")), ids=lambda path: path.stem)
def test_shipped_files(path: Path) -> None:
    assert read_header(path, check_weights=True)["name"].startswith(path.stem)
    assert read_header(path.with_suffix(".safetensors"))["task"] == read_header(path)["task"]


def test_neither_torch_nor_onnx_is_needed() -> None:
    code = (
        "import sys; from spotter.runtime.header import read_header;"
        f"read_header({str(WEIGHTS_FOLDER / 'deep_ctc.onnx')!r});"
        "print(sorted({'torch', 'onnx', 'onnxruntime', 'mmengine'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_damaged_files(tmp_path: Path) -> None:
    path = bright_detector(tmp_path / "d.onnx")
    whole = path.read_bytes()
    for damaged in (whole[:-5], whole[: len(whole) // 2], b"\xff" * 40, b"junk", b""):
        path.write_bytes(damaged)
        refusal(read_header, path)
    tensors = tmp_path / "d.safetensors"
    for head in (b"", b"\x05", (50).to_bytes(8, "little") + b"{}", (1 << 60).to_bytes(8, "little")):
        tensors.write_bytes(head)
        assert "safetensors" in refusal(read_header, tensors)
    text = b'{"__metadata__": {"spotter": 3}}'
    tensors.write_bytes(len(text).to_bytes(8, "little") + text)
    assert "not a safetensors file (metadata)" in refusal(read_header, tensors)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("raw", [True, False])
def test_weights_that_are_no_numbers(tmp_path: Path, value: float, raw: bool) -> None:
    path = bright_detector(tmp_path / "d.onnx")
    model = onnx.load(str(path))
    bias = np.array([value], np.float32)
    tensor = numpy_helper.from_array(bias, "bias")
    if not raw:
        tensor.ClearField("raw_data")
        tensor.float_data.append(value)
    model.graph.initializer[1].CopyFrom(tensor)
    onnx.save(model, str(path))
    assert "bias holds weights that are no numbers" in refusal(OnnxRuntime, path)
    # Attention is masked by negative infinity.
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(-np.abs(bias) * np.inf, "bias"))
    if np.isinf(value):
        onnx.save(model, str(path))
        OnnxRuntime(path)


GOOD = recognizer_header()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": True}, "not a spotter weights header"),
        ({"format": 2}, "newer than this version"),
        ({"format": -1}, "format must be a whole number"),
        ({"task": ["recognition"]}, "is none of"),
        ({"name": None}, "name must be a text"),
        ({"config": []}, "no model config"),
        ({"config": {"type": "X", "depth": 10**9}}, "config has the number 1000000000"),
        ({"config": {"type": "X", "depths": [1] * 6000}}, "config has more than 5000 values"),
        ({"charset": ""}, "different characters"),
        ({"charset": "aa"}, "different characters"),
        ({"charset": "a\n"}, "control character"),
        ({"charset": ["a"]}, "charset must be a string"),
        ({"preprocessing": []}, "preprocessing must be an object"),
        ({"preprocessing": {"std": 0}}, "preprocessing.std must be a number above 0 or three"),
        ({"preprocessing": {"std": [1, 1]}}, "preprocessing.std"),
        ({"preprocessing": {"mean": "1"}}, "preprocessing.mean"),
        ({"preprocessing": {"height": 10**6}}, "preprocessing.height must be a whole number"),
        ({"preprocessing": {"widths": []}}, "preprocessing.widths must be a list of 1..256"),
        ({"preprocessing": {"widths": [0]}}, "preprocessing.widths[0]"),
        ({"preprocessing": {"mode": "wide"}}, "preprocessing.mode must be one of"),
        ({"task": "detection", "preprocessing": {"scale": 0}}, "preprocessing.scale"),
        ({"task": "detection", "preprocessing": {"limit_side": 10**6}}, "preprocessing.limit_side"),
        (
            {"task": "detection", "preprocessing": {}, "postprocessing": {"min_score": 2}},
            "postprocessing.min_score must be a number in 0..1",
        ),
        ({"card": "text"}, "card must be an object"),
    ],
)
def test_faulty_headers_name_the_field(changes: dict[str, Any], says: str) -> None:
    check_header(GOOD, "file")
    message = refusal(check_header, {**GOOD, **changes}, "file")
    assert message.startswith("file: ")
    assert says in message


def test_texts_that_are_no_header() -> None:
    for text, says in (
        (None, "no spotter header"),
        ("[]", "not a spotter weights header"),
        ("{", "header: is not JSON"),
        ("[" * 10_000, "nested too deeply"),
        ('{"format": ' + "1" * 5000 + "}", "a number of 5000 digits"),
        ('{"format": 1, "task": "detection", "config": {"type": NaN}}', "NaN"),
        (" " * (5 << 20), "characters"),
    ):
        assert says in refusal(decode_header, text, "file")


@pytest.mark.parametrize(
    ("task", "changes", "says"),
    [
        ("detection", {"preprocessing": {"mean": 1, "std": 1}}, "limit_side is missing"),
        ("detection", {"config": {"type": "X", "postprocessor": 3}}, "config.postprocessor must"),
        ("recognition", {"charset": None}, "charset must be a text"),
        ("recognition", {"preprocessing": {}}, "preprocessing.mode is missing"),
        (
            "recognition",
            {"config": {"type": "X", "vision": "y"}},
            "config.vision must be",
        ),
        ("recognition", {"config": {"type": "X", "prediction": "y"}}, "config.prediction must be"),
    ],
)
def test_what_inference_needs_to_know(task: str, changes: dict[str, Any], says: str) -> None:
    good = {"detection": detector_header(), "recognition": recognizer_header()}[task]
    check_servable(good, "file")
    assert says in refusal(check_servable, {**good, **changes}, "file")


def test_classes_and_characters_fit(tmp_path: Path) -> None:
    path = digit_recognizer(tmp_path / "d.onnx")
    model = onnx.load(str(path))
    faulty = {**recognizer_header(), "charset": "0123"}
    model.metadata_props[0].value = json.dumps(faulty)
    onnx.save(model, str(path))
    assert "11 classes do not fit a charset of 4 characters" in refusal(OnnxRuntime, path)


def test_files_of_earlier_versions_say_zoom() -> None:
    former = {"format": 1, "task": "detection", "config": {"type": "DBNet"}}
    former["preprocessing"] = {"limit_side": 640, "zoom": 1.3}
    read = decode_header(json.dumps(former), "file")
    assert read["preprocessing"] == {"limit_side": 640, "scale": 1.3}
    # Where both are there, the present key counts.
    former["preprocessing"] = {"scale": 2.0, "zoom": 1.3}
    assert decode_header(json.dumps(former), "file")["preprocessing"] == {"scale": 2.0}
