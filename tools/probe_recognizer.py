"""Find where a recognizer gives out: ``tools/probe_recognizer.py PAIR --page FILE.md``.

It reads drawn words that get harder in one way at a time: smaller, blurred, fainter, tilted, bent,
spaced out, condensed, stacked, or without meaning.
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.robustness", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
