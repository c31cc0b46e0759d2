"""Cut words out of photos: ``tools/mine_crops.py DIR_or_LIST... --out crops.lmdb``.

The crops are unlabelled, for semi- and self-supervised training. Near duplicates are left out; a
later run, also over more photos, goes on where the last one stopped.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.label import mine


def main() -> None:
    """Parse the command line and run."""
    run(mine)


if __name__ == "__main__":
    run_tool(main)
