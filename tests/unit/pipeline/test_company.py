"""Results do not depend on the batch, the order or the company, as docs/reliability.md says it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter import SceneTextSpotter
from spotter.runtime import openvino
from spotter.structures import SpottingResult

PHOTO = Path(__file__).parents[3] / "demo" / "photos" / "posters.jpg"


def photos() -> list[np.ndarray]:
    """Three pieces of a photo, of one size, so that they share the batches of the detector."""
    whole = cv2.imread(str(PHOTO))
    small = cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    height, width = small.shape[0] // 2, small.shape[1] // 3
    return [small[:height, width * i : width * (i + 1)].copy() for i in range(3)]


def assert_same(found: list[SpottingResult], expected: list[SpottingResult], most: float) -> None:
    for one, other in zip(found, expected, strict=True):
        assert [word.text for word in one.instances] == [word.text for word in other.instances]
        for word, same in zip(one.instances, other.instances, strict=True):
            assert abs(word.score - same.score) <= most
            np.testing.assert_allclose(word.polygon, same.polygon, atol=1.0 if most else 0.0)


@pytest.mark.parametrize(
    ("runtime", "precision", "most"),
    [
        ("onnx", "", 0.0),
        ("openvino", "f32", 1e-4),
        # Eight bits of mantissa: sums in another order differ in the last of them.
        ("openvino", "bf16", 2e-2),
        ("torch", "", 1e-4),
    ],
)
def test_neither_batch_nor_order_nor_company_matters(
    runtime: str, precision: str, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_spec({"onnx": "onnxruntime"}.get(runtime, runtime)) is None:
        pytest.skip(f"needs {runtime}")
    if precision == "bf16" and not openvino.computes_in_bfloat16():
        pytest.skip("needs a processor that computes in bfloat16")
    monkeypatch.setattr(openvino, "computes_in_bfloat16", lambda: precision == "bf16")

    def spotter(photos_at_once: int, crops_at_once: int) -> SceneTextSpotter:
        return SceneTextSpotter(
            runtime=runtime,
            threads=1,
            det_batch_size=photos_at_once,
            rec_batch_size=crops_at_once,
        )

    given = photos()
    alone = spotter(1, 1)
    assert precision in alone.device
    expected = [alone.spot(photo) for photo in given]
    assert sum(len(result.instances) for result in expected) > 5
    together = spotter(3, 32)
    assert_same(together.spot(given), expected, most)
    assert_same(together.spot(given[::-1])[::-1], expected, most)
    assert_same([together.spot(given[1])], expected[1:2], most)
