"""The summary of a run says what was tried."""

from __future__ import annotations

from typing import Any

from tests.fuzz.mutations import TALLIES, Tally, peak_memory


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line for each test, and one of all of them with the memory of the process."""
    if not TALLIES:
        return
    for name, tally in TALLIES.items():
        terminalreporter.write_line(f"{name}: {tally}")
    whole = Tally(
        sum(tally.inputs for tally in TALLIES.values()),
        sum(tally.refused for tally in TALLIES.values()),
        sum(tally.seconds for tally in TALLIES.values()),
        max(tally.slowest for tally in TALLIES.values()),
    )
    terminalreporter.write_line(f"fuzz: {whole}, peak memory {peak_memory() / 1e6:.0f} MB")
