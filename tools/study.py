"""Run a study: ``tools/study.py NAME --data ROOT --out DIR``; ``tools/study.py NAME --help``."""

from research.studies.command import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
