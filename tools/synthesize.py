"""Draw synthetic text: ``tools/synthesize.py words|scenes|pages|page_words|demo --out PATH``.

``words`` writes an LMDB, ``scenes`` folders in the layout of ICDAR2015, ``pages`` documents,
screens, labels and posters in the layout of CTW1500, ``page_words`` an LMDB of words cut out of
such pages, ``demo`` three photos to try the spotter on. An interrupted run goes on where it
stopped. Without ``--fonts``, ``--words`` and ``--backgrounds``: the system's fonts, a short word
list and painted surfaces.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.synthesize import synthesize


def main() -> None:
    """Parse the command line and run."""
    run(synthesize)


if __name__ == "__main__":
    run_tool(main)
