"""Label photos that have no labels: ``tools/label_photos.py FOLDER --out LABELS``.

Words of which the labeller is sure get a label, the others ``###``, in the layout of ICDAR2015.
With ``--by views`` those are the words that a preset reads alike from many sides; with ``--by
agreement`` those that the preset and an independent reader (RapidOCR, extra ``bench``) read alike.
A later run goes on where the last one stopped.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.label import label


def main() -> None:
    """Parse the command line and run."""
    run(label)


if __name__ == "__main__":
    run_tool(main)
