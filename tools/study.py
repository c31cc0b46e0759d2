"""Run a study: ``tools/study.py NAME --data ROOT --out DIR``; ``tools/study.py NAME --help``."""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("research.studies.command", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
