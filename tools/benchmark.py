"""Run models over benchmark sets: ``tools/benchmark.py MODEL --suite S --data ROOT``.

One table is printed, and written with ``--json`` and ``--markdown``; predictions are kept as our
JSON lines. ``--peer rapidocr`` runs RapidOCR on the same sets.
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.command", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
