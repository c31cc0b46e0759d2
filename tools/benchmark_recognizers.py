"""How fast recognizers train and read on this machine.

Example::

    tools/benchmark_recognizers.py configs/_base_/models/recognizer_*.py --threads 1
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.recognizer_speed", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
