"""The order of the rooms, as the contracts in pyproject.toml tell it."""

from __future__ import annotations

import subprocess
import sys

from tests.packaging.conftest import ROOT


def test_rooms_import_from_below() -> None:
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kept, 0 broken" in done.stdout
