"""Run a study: ``tools/study.py NAME --data ROOT --out DIR``; ``tools/study.py NAME --help``."""

import argparse
import importlib
import sys

from spotter.cli.errors import run_tool

STUDIES = ("self_supervised", "semi_supervised", "multimodal")


def main() -> None:
    """Pass the rest of the command line to the study."""
    parser = argparse.ArgumentParser(description="Run a study; it goes on where it stopped.")
    parser.add_argument("study", choices=STUDIES)
    name = parser.parse_args(sys.argv[1:2]).study
    importlib.import_module(f"research.studies.{name}").main(sys.argv[2:])


if __name__ == "__main__":
    run_tool(main)
