"""No function and no file grows beyond what is read at a glance."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [
    path for room in ("spotter", "benchmarks", "research") for path in (ROOT / room).rglob("*.py")
]
FUNCTION, FILE = 60, 400


def test_functions_are_short():
    long = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}: {node.name} has {lines} lines")
    assert not long


def test_files_are_short():
    counts = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert len(counts) > 400
    assert not {str(path.relative_to(ROOT)): n for path, n in counts.items() if n > FILE}
