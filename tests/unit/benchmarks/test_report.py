"""What the page of a benchmark says of the machine."""

from __future__ import annotations

import pytest

from benchmarks import report


@pytest.mark.parametrize(
    ("quicker", "expected"),
    [
        (True, "Made on a processor (avx2, avx512_bf16), where presets run on OpenVINO, in bf"),
        (False, "Made on a processor (avx2, avx512_bf16), where presets run on ONNX Runtime, in f"),
    ],
)
def test_the_page_says_where_it_was_made(
    quicker: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = {"name": "a processor", "instructions": ["avx2", "avx512_bf16"]}
    monkeypatch.setattr(report, "processor", lambda: about)
    monkeypatch.setattr(report, "is_quicker", lambda device: quicker and device == "cpu")
    assert report.machine_sentence().startswith(expected)
    about["instructions"] = []
    assert "(no vector instructions)" in report.machine_sentence()
