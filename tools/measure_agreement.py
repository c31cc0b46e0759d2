"""How good labels by agreement are: ``tools/measure_agreement.py word_list labels.txt``.

Reads labelled word crops with a preset and with RapidOCR (extra ``bench``), and tells how many
words both read alike and how many of those are right, with marks and case; spaces do not count.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.relabel import measure_agreement


def main() -> None:
    """Parse the command line and run."""
    run(measure_agreement)


if __name__ == "__main__":
    run_tool(main)
