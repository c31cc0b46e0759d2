"""Robustness evaluation of a recognizer: ``tools/probe_recognizer.py PRESET --page FILE.md``.

It reads drawn words that get harder by one factor at a time: smaller, blurred, fainter, tilted,
bent, spaced out, condensed, vertical, or without meaning.
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.robustness", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
