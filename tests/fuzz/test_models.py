"""Damaged model configs: a model that fits the file, or one line, in little time and memory."""

from __future__ import annotations

from typing import Any

import pytest

from spotter.errors import WeightsError
from tests.fuzz.mutations import EXAMPLES, damaged_values, fuzz, holds

torch = pytest.importorskip("torch")

from spotter.hub.resolution import WEIGHTS_FOLDER  # noqa: E402
from spotter.runtime.header import check_header  # noqa: E402
from spotter.training.foreign_models import build_to_fit  # noqa: E402
from spotter.training.header import buildable_config  # noqa: E402
from spotter.training.weights import read_header  # noqa: E402

HEADERS = [
    read_header(WEIGHTS_FOLDER / f"{name}.safetensors")
    for name in ("dbnet_mobilenetv3", "deep_ctc")
]


@fuzz(
    damaged_values([{"config": header["config"]} for header in HEADERS]),
    inputs=max(8, EXAMPLES // 20),
)
def test_configs(damage: dict[str, Any]) -> None:
    def build() -> None:
        header = {**HEADERS[0], **damage}
        check_header(header, "file")
        config = buildable_config(header["config"], "file", "0123")
        # No file has just this tensor, so nothing is ever built with memory.
        build_to_fit(config, {"no.such.tensor": (1,)}, "file")

    holds(build, WeightsError)
