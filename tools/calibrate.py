"""Make the scores of a pair probabilities of being right: ``tools/calibrate.py PAIR --data ROOT``.

Fits on the validation suite, prints calibration errors and what ``min_score`` does, and writes the
fit into the pair's file (``--write``) and a reliability diagram (``--page``).
"""

from benchmarks.calibrate import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
