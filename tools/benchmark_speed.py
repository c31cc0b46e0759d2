"""Speed beside RapidOCR on the same photos: ``tools/benchmark_speed.py PHOTOS_DIR``.

Both sides run photo by photo in turns in one process; peak memory is measured in a process of its
own for each side. With ``--ground-truth`` both sides are scored, too.
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.speed_command", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
