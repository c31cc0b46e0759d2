"""Write the cards of shipped models anew: ``tools/model_card.py NAME...``."""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("research.release.cards", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
