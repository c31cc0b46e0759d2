"""Score saved predictions: ``tools/evaluate.py detection|recognition|end_to_end PRED TRUTH``.

PRED is a file of our JSON lines or an official submission, TRUTH an official archive, JSON lines,
or a set in any layout of ``tools/convert_dataset.py --list``.
"""

from spotter.cli.errors import run_tool
from spotter.evaluation.command import main

if __name__ == "__main__":
    run_tool(main)
