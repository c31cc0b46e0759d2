"""Speed with RapidOCR as baseline on the same photos: ``tools/benchmark_speed.py PHOTOS_DIR``.

All systems run photo by photo in turns in one process; peak memory is measured in a process of its
own for each. With ``--ground-truth`` all are scored, too. The time budget of our spotter by stage
follows.
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.speed_command", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
