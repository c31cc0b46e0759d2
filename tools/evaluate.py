"""Score saved predictions: ``tools/evaluate.py detection|recognition|end_to_end PRED TRUTH``.

PRED is a file of our JSON lines or an official submission, TRUTH an official archive, JSON lines,
or a set in any layout of ``tools/convert_dataset.py --list``.
"""

from spotter.cli.commands import run
from spotter.cli.errors import run_tool
from spotter.cli.evaluate import evaluate


def main() -> None:
    """Parse the command line and run."""
    run(evaluate)


if __name__ == "__main__":
    run_tool(main)
