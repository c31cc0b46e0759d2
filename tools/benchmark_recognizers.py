"""How fast recognizers train and read on this machine.

Example::

    tools/benchmark_recognizers.py configs/_base_/models/recognizer_*.py --threads 1
"""

from benchmarks.recognizer_speed import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
