"""Speed beside RapidOCR on the same photos: ``tools/benchmark_speed.py PHOTOS_DIR``.

Both sides run photo by photo in turns in one process; peak memory is measured in a process of its
own for each side. With ``--ground-truth`` both sides are scored, too.
"""

from benchmarks.speed_command import main
from spotter.cli.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
