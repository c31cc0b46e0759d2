"""Train a released model for some minutes: ``tools/release.py detector|recognizer --minutes M``.

Goes on from the state in ``--state`` (or, when that is empty, from the shipped weights), trains on
whatever machine it is on, validates, and ships the weights if they beat the shipped ones.
"""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("research.release.command", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
