"""The command line of ``tools/study.py``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

STUDIES = ("self_supervised", "semi_supervised", "multimodal", "adaptation")


def main(arguments: Sequence[str] | None = None) -> None:
    """Pass all but the first argument to the study that it names."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="study.py", description="Run a study; it goes on where it stopped."
    )
    parser.add_argument("study", choices=STUDIES)
    name = parser.parse_args(given[:1]).study
    importlib.import_module(f"research.studies.{name}").main(given[1:])
