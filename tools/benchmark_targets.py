"""Speed of what the CPU does on one core: per training sample targets, crops and augmentation,
and per test set the evaluation protocols."""

import sys

from spotter.cli.checkout import call_in_checkout
from spotter.cli.errors import run_tool


def main() -> None:
    """Pass the command line on."""
    call_in_checkout("benchmarks.training_speed", sys.argv[1:])


if __name__ == "__main__":
    run_tool(main)
