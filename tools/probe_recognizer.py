"""Find where a recognizer gives out: ``tools/probe_recognizer.py PAIR --page FILE.md``.

It reads drawn words that get harder in one way at a time: smaller, blurred, fainter, tilted, bent,
spaced out, condensed, stacked, or without meaning.
"""

from benchmarks.robustness import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
