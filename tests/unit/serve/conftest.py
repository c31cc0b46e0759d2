"""A service over the tiny networks of the pipeline's tests."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.unit.pipeline.networks import bright_detector, digit_recognizer


def encoded(image: np.ndarray, form: str = "PNG", **options: Any) -> bytes:
    """The bytes of a BGR picture."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image[..., ::-1])).save(stream, form, **options)
    return stream.getvalue()


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Arguments of the spotter."""
    folder = tmp_path_factory.mktemp("networks")
    return {
        "detector": str(bright_detector(folder / "bright.onnx")),
        "recognizer": str(digit_recognizer(folder / "digits.onnx")),
        "runtime": "onnx",
        "threads": 1,
        "detect_orientation": False,
    }


@pytest.fixture(scope="session")
def client(networks: dict[str, Any]) -> Iterator[Any]:
    """Of an app with small limits."""
    from fastapi.testclient import TestClient

    from spotter.serve.app import create_app
    from spotter.serve.settings import ServerSettings

    settings = ServerSettings(
        spotter=networks, max_bytes=1_000_000, max_files=4, max_pixels=100_000, max_pages=3
    )
    with TestClient(create_app(settings)) as client:
        yield client
