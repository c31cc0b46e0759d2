"""Complete labels that leave out marks or case: ``tools/relabel.py LAYOUT SOURCE --out FILE``.

An independent reader (RapidOCR, extra ``bench``) reads each word; what it sees beyond the label
completes the label, where it is sure, and words of which it is not are left out. Word crops become
a list ``path text``, photos a folder of label files in the layout of ICDAR2015. Pictures stay where
they are.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.relabel import relabel


def main() -> None:
    """Parse the command line and run."""
    run(relabel)


if __name__ == "__main__":
    run_tool(main)
