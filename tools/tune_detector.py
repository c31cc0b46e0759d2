"""Input size and thresholds of a detector: ``tools/tune_detector.py DETECTOR --data ROOT``.

Prints a table of input size against speed, each size with its best thresholds on validation, and
false detections on photos without text; ``--write`` puts a choice into the weights.
"""

from benchmarks.tune_detector import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
