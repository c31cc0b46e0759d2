"""Damaged headers, weights, presets, settings, language models, JSON and archives."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from spotter.decoding import LanguageModel, WordSource
from spotter.errors import AnnotationError, ConfigError, WeightsError
from spotter.hub.presets import parse_preset
from spotter.hub.resolution import WEIGHTS_FOLDER
from spotter.hub.settings import read_settings
from spotter.io.bounded import ZipContents, parse_json
from spotter.runtime.header import check_header, decode_header, read_header
from tests.fuzz.mutations import damaged_bytes, damaged_values, fuzz, holds, odd_text
from tests.unit.pipeline.networks import bright_detector, detector_header, recognizer_header

HEADERS = [
    read_header(WEIGHTS_FOLDER / f"{name}.onnx") for name in ("dbnet_mobilenetv3", "deep_ctc")
]
HEADERS += [detector_header(), recognizer_header()]
PRESETS = list(json.loads((WEIGHTS_FOLDER / "presets.json").read_text()).values())
TOML = (
    b'model = "default"\nmin_score = 0.5\ntile = 1280\ntest_time_augmentation = true\n'
    b'[language]\nmodel = "english"\nbeam = 16\nweight = 0.7\n'
)


def as_file(data: bytes, name: str, read: Any) -> Any:
    """What ``read`` makes of a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read(path)


def whole_onnx() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return bright_detector(Path(folder) / "a.onnx").read_bytes()


def whole_safetensors() -> bytes:
    text = json.dumps({"__metadata__": {"spotter": json.dumps(HEADERS[2])}}).encode()
    return len(text).to_bytes(8, "little") + text


def whole_language() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        LanguageModel.build([WordSource({"exit": 3.0, "exits": 1.0, "taxi": 2.0})], 3).save(path)
        return path.read_bytes()


def whole_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("res_img_1.txt", "1,2,3,4,5,6,7,8,word\n" * 5)
        archive.writestr("res_img_2.txt", "")
    return stream.getvalue()


@fuzz(damaged_values(HEADERS))
def test_headers(header: Any) -> None:
    holds(lambda: check_header(header, "file"), WeightsError)


@fuzz(damaged_bytes([json.dumps(header).encode() for header in HEADERS]))
def test_texts_of_headers(data: bytes) -> None:
    holds(lambda: decode_header(data.decode("utf-8", "replace"), "file"), WeightsError)


@fuzz(damaged_bytes([whole_onnx()]))
def test_onnx_files(data: bytes) -> None:
    holds(lambda: as_file(data, "a.onnx", lambda path: read_header(path, True)), WeightsError)


@fuzz(damaged_bytes([whole_safetensors()]))
def test_safetensors_files(data: bytes) -> None:
    holds(lambda: as_file(data, "a.safetensors", read_header), WeightsError)


@fuzz(damaged_values(PRESETS))
def test_presets(settings: Any) -> None:
    holds(lambda: parse_preset(settings, "name", "file"), ConfigError)


@fuzz(damaged_bytes([TOML]))
def test_settings(data: bytes) -> None:
    holds(lambda: as_file(data, "a.toml", read_settings), ConfigError)


@fuzz(damaged_bytes([whole_language()]))
def test_language_models(data: bytes) -> None:
    holds(lambda: as_file(data, "a.npz", LanguageModel.load), WeightsError)


@fuzz(
    lambda random: random.choice([odd_text, damaged_bytes([json.dumps(PRESETS).encode()])])(random)
)
def test_json(text: str | bytes) -> None:
    holds(lambda: parse_json(text, "file", AnnotationError), AnnotationError)


@fuzz(damaged_bytes([whole_zip()]))
def test_zip_archives(data: bytes) -> None:
    def read() -> list[bytes]:
        contents = ZipContents(data, "file", AnnotationError, max_bytes=10_000)
        return [contents.read(name) for name in contents.names]

    holds(read, AnnotationError)
