"""The summary of a run says what was tried."""

from __future__ import annotations

from typing import Any

from tests.fuzz.mutations import TALLY, peak_memory


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line with the number of inputs, the slowest of them, and the memory of the process."""
    if TALLY.inputs:
        terminalreporter.write_line(
            f"fuzz: {TALLY.inputs} inputs, {TALLY.refused} refused in one line,"
            f" slowest {TALLY.slowest:.2f} s, peak memory {peak_memory() / 1e6:.0f} MB"
        )
