"""The step of continuous integration that looks up known vulnerabilities."""

from __future__ import annotations

import importlib.util
import subprocess
from typing import Any

import pytest

from tests import audit


@pytest.mark.parametrize(
    ("status", "answer", "expected", "says"),
    [
        (0, "No known vulnerabilities found", 0, "No known"),
        (1, "pillow 9.0 PYSEC-2023-1", 1, "PYSEC-2023-1"),
        (1, "ConnectionError: Failed to resolve 'pypi.org'", 0, "cannot be reached"),
    ],
)
def test_answers(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    status: int,
    answer: str,
    expected: int,
    says: str,
) -> None:
    def ran(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, status, answer, "")

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(subprocess, "run", ran)
    assert audit.main() == expected
    assert says in capsys.readouterr().out


def test_without_the_tool(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert audit.main() == 0
    assert "not installed" in capsys.readouterr().out
