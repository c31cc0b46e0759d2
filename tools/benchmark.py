"""Run models over benchmark sets: ``tools/benchmark.py MODEL --suite S --data ROOT``.

One table is printed, and written with ``--json`` and ``--markdown``; predictions are kept as our
JSON lines. ``--peer rapidocr`` runs RapidOCR on the same sets.
"""

from benchmarks.command import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
