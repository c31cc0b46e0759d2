"""Calibrate the scores of a preset: ``tools/calibrate.py PRESET --data ROOT``.

Fits on the validation suite, prints calibration errors and what ``min_score`` does, and writes the
fit into the preset's file (``--write``) and a reliability diagram (``--page``).
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.calibrate", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
