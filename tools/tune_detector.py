"""Input size and thresholds of a detector: ``tools/tune_detector.py DETECTOR --data ROOT``.

Prints a table of input size against speed, each size with its best thresholds on validation, and
false detections on photos without text; ``--write`` puts a choice into the weights.
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.tune_detector", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
