"""Convert a data set: ``tools/convert_dataset.py LAYOUT SRC DST --to canonical|lmdb|icdar|...``.

``--list`` shows the layouts. Malformed entries are left out, counted, and listed with file and line
in DST/refused.txt. ``--crops`` cuts the labelled words out of photos. An interrupted conversion
goes on when the same command is given again.
"""

from spotter.cli.commands import run
from spotter.cli.convert import convert
from spotter.cli.errors import run_tool


def main() -> None:
    """Parse the command line and run."""
    run(convert)


if __name__ == "__main__":
    run_tool(main)
