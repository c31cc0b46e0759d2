"""The export's command line; what it writes is tested with the module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spotter.errors import WeightsError
from spotter.export import onnx as export


def test_options_and_report(
    run_script: Callable, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fake(*arguments: object) -> export.ExportReport:
        calls.append(arguments)
        return export.ExportReport(Path("x.onnx"), 1_500_000, 1.2e-4, 5e-3, 0)

    monkeypatch.setattr(export, "export_onnx", fake)
    run_script("tools/export.py", "w.safetensors", "--to", "onnx")
    run_script("tools/export.py", "w.safetensors", "--out", "o.onnx", "--no-half-weights")
    assert calls == [
        ("w.safetensors", None, True, None),
        ("w.safetensors", "o.onnx", False, None),
    ]
    assert "x.onnx: 1.50 MB, largest difference to torch 0.00012" in capsys.readouterr().out


def test_missing_weights(run_script: Callable, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such weights file"):
        run_script("tools/export.py", tmp_path / "none.safetensors")
